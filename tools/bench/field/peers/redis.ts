import { client, clientVersion } from '../clients.ts';
import { debianProgram, versionSaid } from '../debian.ts';
import { destination, type Load, type Peer } from '../peer.ts';
import { freePort, startServer } from '../server-process.ts';

interface RedisModule {
  createClient(options: { url: string }): RedisClient;
}
interface RedisClient {
  connect(): Promise<unknown>;
  close(): Promise<void>;
  xAdd(stream: string, id: string, fields: { [name: string]: string | Buffer }): Promise<unknown>;
  xRead(stream: { key: string; id: string }, options: { COUNT: number; BLOCK: number }): Promise<unknown>;
}
type Read = readonly { messages: readonly { id: string }[] }[] | null;

export const redis: Peer = {
  name: 'Redis Streams',
  acknowledged: 'in memory and written to the append-only file, synced every second',
  clients: [
    {
      name: 'redis',
      get version() {
        return clientVersion('redis');
      },
      batching: '50 XADD in a pipeline',
      connect,
    },
  ],
  missing: () => debianProgram('redis-server', 'redis-server'),
  start: async (directory) => {
    const port = await freePort();
    const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', directory];
    const durable = ['--appendonly', 'yes', '--appendfsync', 'everysec', '--save', ''];
    const server = await startServer(['redis-server', ...args, ...durable], port, directory);
    return { ...server, port, session: server.pid, version: versionSaid('redis-server', '--version') };
  },
};

async function connect(port: number): Promise<Load> {
  const connection = client<RedisModule>('redis').createClient({ url: `redis://127.0.0.1:${port}` });
  await connection.connect();
  return {
    prepare: async () => {},
    // What is asked in one turn goes out in one pipeline.
    send: async (value, count) => {
      await Promise.all(Array.from({ length: count }, () => connection.xAdd(destination, '*', { value })));
    },
    consume: async (onMessages) => {
      let id = '0-0';
      for (;;) {
        const answer = (await connection.xRead(
          { key: destination, id },
          { COUNT: 1000, BLOCK: 100 },
        )) as Read;
        const messages = answer?.[0]?.messages ?? [];
        id = messages.at(-1)?.id ?? id;
        onMessages(messages.length);
      }
    },
    close: () => connection.close(),
  };
}
