import { client, clientVersion } from '../clients.ts';
import { debianProgram, versionSaid } from '../debian.ts';
import { type Client, destination, type Load, type Peer } from '../peer.ts';
import { freePort, startServer } from '../server-process.ts';

interface Nats {
  connect(options: { servers: string }): Promise<Connection>;
}
interface Connection {
  jetstream(): JetStream;
  jetstreamManager(): Promise<{ streams: { add(config: object): Promise<unknown> } }>;
  close(): Promise<void>;
}
interface JetStream {
  publish(subject: string, data: Uint8Array): Promise<unknown>;
  consumers: {
    get(stream: string): Promise<{ consume(options: object): Promise<AsyncIterable<unknown>> }>;
  };
}

export const nats: Peer = {
  name: 'NATS JetStream',
  acknowledged: 'written to the stream’s file, synced every 2 minutes',
  clients: [
    {
      name: 'nats',
      get version() {
        return clientVersion('nats');
      },
      batching: undefined,
      connect,
    } satisfies Client,
  ],
  missing: () => debianProgram('nats-server', 'nats-server'),
  start: async (directory) => {
    const port = await freePort();
    const args = ['-js', '-sd', directory, '-a', '127.0.0.1', '-p', String(port)];
    const server = await startServer(['nats-server', ...args], port, directory);
    return {
      ...server,
      port,
      session: server.pid,
      version: versionSaid('nats-server', '--version'),
    };
  },
};

async function connect(port: number): Promise<Load> {
  const connection = await client<Nats>('nats').connect({ servers: `127.0.0.1:${port}` });
  const stream = connection.jetstream();
  return {
    prepare: async () => {
      const manager = await connection.jetstreamManager();
      await manager.streams.add({ name: destination, subjects: [destination], storage: 'file' });
    },
    send: async (value, count) => {
      await Promise.all(Array.from({ length: count }, () => stream.publish(destination, value)));
    },
    consume: async (onMessages) => {
      // Without a name: ordered, from the first message on, nothing to acknowledge.
      const consumer = await stream.consumers.get(destination);
      for await (const _ of await consumer.consume({ max_messages: 10_000 })) onMessages(1);
    },
    close: () => connection.close(),
  };
}
