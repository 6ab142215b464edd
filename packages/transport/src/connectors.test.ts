import { msgpackCodec } from '@millrace/protocol/msgpack';
import { connectOver } from './client-connection.ts';
import { duplexPair } from './duplex-pair.ts';
import { inProcessConnector } from './in-process.ts';
import { serve } from './serve.ts';
import { tcpConnector } from './tcp-connector.ts';
import { listenTcp } from './tcp-listener.ts';
import { connectorConformance } from './testing/connector-conformance.ts';

const codec = msgpackCodec();

describe('a connection in process', () => {
  connectorConformance({
    test: it,
    connect: async (api) => {
      const connection = await inProcessConnector(api)({ nodeId: 1, host: '', port: 0 });
      return { connection, close: () => connection.close() };
    },
  });
});

describe('a connection over a pair of streams', () => {
  connectorConformance({
    test: it,
    connect: async (api) => {
      const [near, far] = duplexPair();
      const served = serve(far, { api, codec });
      const connection = connectOver(near, { codec });
      return {
        connection,
        close: async () => {
          await connection.close();
          await served;
        },
      };
    },
  });
});

describe('a connection over TCP', () => {
  connectorConformance({
    test: it,
    connect: async (api) => {
      const listener = await listenTcp({ api, codec });
      const connection = await tcpConnector({ codec })({ nodeId: undefined, ...listener.endpoint });
      return {
        connection,
        close: async () => {
          await connection.close();
          await listener.close();
        },
      };
    },
  });
});
