import type { BrokerApi } from '@millrace/protocol';
import { msgpackCodec } from '@millrace/protocol/msgpack';
import {
  connectOver,
  duplexPair,
  inProcessConnector,
  listenTcp,
  serve,
  tcpConnector,
} from '@millrace/transport';

// What answers is an object of functions; a broker is a large one, this is a small one.
const api: Partial<BrokerApi> = {
  metadata: async (_request, { listener }) => ({ clusterId: `by ${listener}`, brokers: [], topics: [] }),
};
const codec = msgpackCodec();

// A function call: no codec, nothing copied.
const local = await inProcessConnector(api)({ nodeId: 1, host: '', port: 0 });
console.log((await local.call('metadata', {})).clusterId); // → by in-process
await local.close();

// Any duplex stream: every byte of the protocol, no port.
const [near, far] = duplexPair();
const served = serve(far, { api, codec, listener: 'a pair' });
const paired = connectOver(near, { codec });
console.log((await paired.call('metadata', {})).clusterId); // → by a pair
await paired.close();
await served;

// TCP. What the broker does not answer, and where none is, comes as a coded error.
const listener = await listenTcp({ api, codec, listener: 'tcp' });
const connect = tcpConnector({ codec });
const node = { nodeId: undefined, ...listener.endpoint };
const remote = await connect(node);
console.log((await remote.call('metadata', {})).clusterId); // → by tcp
await remote.call('initProducerId', {}).catch((error) => console.log(error.code)); // → UNSUPPORTED_VERSION
await remote.close();

await listener.close();
await connect(node).catch((error) => console.log(error.code)); // → BROKER_UNREACHABLE
