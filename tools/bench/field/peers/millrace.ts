import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connect, startBroker, version } from 'millrace';
import { type Client, destination, type Load, type Peer } from '../peer.ts';
import { freePort, startServer } from '../server-process.ts';

const bin = fileURLToPath(new URL('../../../../packages/millrace/bin/millrace.js', import.meta.url));

const batching = 'a record batch of 50';
const client = (acks: 'leader' | 'all'): Client => ({
  name: acks === 'all' ? 'own, acks all' : 'own',
  version,
  batching,
  connect: async (port) => loadOf(connect(`127.0.0.1:${port}`), acks),
});

/** Beside the others, who acknowledge what lies in the page cache, and with its default, which waits for the disk. */
export const millrace: Peer = {
  name: 'Millrace',
  acknowledged: 'acks leader: in the leader’s page cache, a flush under way; acks all: flushed to disk',
  clients: [client('leader'), client('all')],
  missing: async () => undefined,
  start: async (directory) => {
    const port = await freePort();
    const args = ['start', '--dir', join(directory, 'data'), '--listen', `127.0.0.1:${port}`];
    const server = await startServer([process.execPath, bin, ...args], port, directory);
    return { ...server, port, session: server.pid, version };
  },
};

/** Broker and client in one process, on disk, without a socket between them. */
export const millraceInProcess: Peer = {
  name: 'Millrace in process',
  acknowledged: 'acks leader: in the page cache, a flush under way',
  clients: [
    {
      name: 'own',
      version,
      batching,
      connect: async () => {
        const dataDirectory = process.env['FIELD_DIRECTORY'];
        if (dataDirectory === undefined)
          throw new Error('FIELD_DIRECTORY says where the broker in process keeps its data');
        const broker = await startBroker({ dataDirectory });
        const load = loadOf(connect(broker), 'leader');
        return { ...load, close: () => load.close().then(() => broker.stop()) };
      },
    },
  ],
  missing: async () => undefined,
  start: async () => ({ version, port: 0, session: undefined, startMs: 0, stop: async () => {} }),
};

function loadOf(connection: ReturnType<typeof connect>, acks: 'leader' | 'all'): Load {
  const producer = connection.producer({ acks });
  return {
    prepare: () => connection.createTopic(destination),
    // What one turn of the event loop produced goes together.
    send: async (value, count) => {
      await Promise.all(
        Array.from({ length: count }, () => producer.send({ topic: destination, partition: 0, value })),
      );
    },
    consume: async (onMessages) => {
      const consumer = connection.consumer({
        partitions: [{ topic: destination, partition: 0, from: 'earliest' }],
      });
      for await (const records of consumer.batches()) for (const _ of records) onMessages(1);
    },
    close: () => connection.close(),
  };
}
