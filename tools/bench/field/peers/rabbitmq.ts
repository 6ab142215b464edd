import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { client, clientVersion } from '../clients.ts';
import { debianProgram, packageVersion } from '../debian.ts';
import { destination, type Load, type Peer } from '../peer.ts';
import { freePort, startServer } from '../server-process.ts';

interface Amqp {
  connect(url: string): Promise<{ createConfirmChannel(): Promise<Channel>; close(): Promise<void> }>;
}
interface Channel {
  assertQueue(queue: string, options: { durable: boolean }): Promise<unknown>;
  sendToQueue(
    queue: string,
    content: Buffer,
    options: { persistent: boolean },
    confirmed: (error: unknown) => void,
  ): boolean;
  prefetch(count: number): Promise<unknown>;
  consume(queue: string, onMessage: () => void, options: { noAck: boolean }): Promise<unknown>;
}

export const rabbitmq: Peer = {
  name: 'RabbitMQ',
  acknowledged: 'a durable queue, persistent messages, confirmed: written, and synced within some 200 ms',
  clients: [
    {
      name: 'amqplib',
      get version() {
        return clientVersion('amqplib');
      },
      batching: undefined,
      connect,
    },
  ],
  missing: () => debianProgram('/usr/lib/rabbitmq/bin/rabbitmq-server', 'rabbitmq-server'),
  start: async (directory) => {
    const [port, nodePort, mapperPort] = [await freePort(), await freePort(), await freePort()];
    const folder = (name: string): string => {
      mkdirSync(join(directory, name), { recursive: true });
      return join(directory, name);
    };
    const env = {
      HOME: directory,
      RABBITMQ_NODENAME: `field${port}@localhost`,
      RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
      RABBITMQ_NODE_PORT: String(port),
      RABBITMQ_DIST_PORT: String(nodePort),
      RABBITMQ_MNESIA_BASE: folder('data'),
      RABBITMQ_LOG_BASE: folder('log'),
      RABBITMQ_ENABLED_PLUGINS_FILE: join(directory, 'plugins'),
      RABBITMQ_PID_FILE: join(directory, 'pid'),
      ERL_EPMD_PORT: String(mapperPort),
    };
    const server = await startServer(['/usr/lib/rabbitmq/bin/rabbitmq-server'], port, directory, env);
    return { ...server, port, session: server.pid, version: packageVersion('rabbitmq-server') };
  },
};

async function connect(port: number): Promise<Load> {
  const connection = await client<Amqp>('amqplib').connect(`amqp://127.0.0.1:${port}`);
  const channel = await connection.createConfirmChannel();
  const send = (value: Buffer): Promise<void> =>
    new Promise((resolve, reject) => {
      channel.sendToQueue(destination, value, { persistent: true }, (error) =>
        error === null ? resolve() : reject(error as Error),
      );
    });
  return {
    prepare: async () => {
      await channel.assertQueue(destination, { durable: true });
    },
    send: async (value, count) => {
      await Promise.all(Array.from({ length: count }, () => send(value)));
    },
    consume: async (onMessages) => {
      await channel.prefetch(1000);
      await channel.consume(destination, () => onMessages(1), { noAck: true });
    },
    close: () => connection.close(),
  };
}
