import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { client, clientVersion } from '../clients.ts';
import { classPath, kafkaVersion, missingKafka } from '../kafka-jars.ts';
import { type Client, destination, type Load, type Peer } from '../peer.ts';
import { freePort, startServer } from '../server-process.ts';

interface KafkaJs {
  Kafka: new (
    options: object,
  ) => {
    admin(): {
      connect(): Promise<void>;
      createTopics(topics: object): Promise<boolean>;
      disconnect(): Promise<void>;
    };
    producer(options?: object): {
      connect(): Promise<void>;
      send(records: object): Promise<unknown>;
      disconnect(): Promise<void>;
    };
    consumer(options: object): {
      connect(): Promise<void>;
      subscribe(options: object): Promise<void>;
      run(options: { eachBatch(batch: { batch: { messages: unknown[] } }): Promise<void> }): Promise<void>;
      disconnect(): Promise<void>;
    };
  };
}
interface Platformatic {
  Admin: new (options: object) => { createTopics(topics: object): Promise<unknown>; close(): Promise<void> };
  Producer: new (options: object) => { send(records: object): Promise<unknown>; close(): Promise<void> };
  Consumer: new (
    options: object,
  ) => { consume(options: object): Promise<AsyncIterable<unknown>>; close(force?: boolean): Promise<void> };
}

const kafkajs: Client = {
  name: 'kafkajs',
  get version() {
    return clientVersion('kafkajs');
  },
  batching: 'a record batch of 50',
  connect: connectKafkaJs,
};

const platformatic: Client = {
  name: '@platformatic/kafka',
  get version() {
    return clientVersion('@platformatic/kafka');
  },
  batching: 'a record batch of 50',
  connect: connectPlatformatic,
};

export const kafka: Peer = {
  name: 'Apache Kafka',
  acknowledged: 'acks=1: in the leader’s page cache, flushed when the kernel likes',
  clients: [kafkajs, platformatic],
  missing: missingKafka,
  start: async (directory) => {
    const [port, controllerPort] = [await freePort(), await freePort()];
    const properties = join(directory, 'server.properties');
    writeFileSync(properties, settings(directory, port, controllerPort));
    const java = (main: string, ...args: string[]): [string, ...string[]] => [
      'java',
      '-Xmx1g',
      '-Xms1g',
      '-cp',
      classPath,
      main,
      ...args,
    ];
    const [program, ...format] = java('kafka.tools.StorageTool', 'format', '-t', clusterId, '-c', properties);
    execFileSync(program, format, { stdio: 'ignore' });
    const server = await startServer(java('kafka.Kafka', properties), port, directory);
    return { ...server, port, session: server.pid, version: kafkaVersion };
  },
};

const clusterId = 'MkU3OEVBNTcwNTJENDM2Qg';

function settings(directory: string, port: number, controllerPort: number): string {
  return `process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:${controllerPort}
listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}
advertised.listeners=PLAINTEXT://127.0.0.1:${port}
controller.listener.names=CONTROLLER
log.dirs=${directory}/data
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
group.initial.rebalance.delay.ms=0
`;
}

async function connectKafkaJs(port: number): Promise<Load> {
  const { Kafka } = client<KafkaJs>('kafkajs');
  const connection = new Kafka({ brokers: [`127.0.0.1:${port}`], logLevel: 0 });
  const producer = connection.producer({ allowAutoTopicCreation: false });
  const consumer = connection.consumer({ groupId: 'field', maxBytesPerPartition: 1024 * 1024 });
  await producer.connect();
  return {
    prepare: async () => {
      const admin = connection.admin();
      await admin.connect();
      await admin.createTopics({ topics: [{ topic: destination, numPartitions: 1 }], waitForLeaders: true });
      await admin.disconnect();
    },
    send: async (value, count) => {
      const messages = Array.from({ length: count }, () => ({ value }));
      await producer.send({ topic: destination, acks: 1, messages });
    },
    consume: async (onMessages) => {
      await consumer.connect();
      await consumer.subscribe({ topics: [destination], fromBeginning: true });
      await consumer.run({ eachBatch: async ({ batch }) => onMessages(batch.messages.length) });
    },
    close: async () => {
      await consumer.disconnect();
      await producer.disconnect();
    },
  };
}

async function connectPlatformatic(port: number): Promise<Load> {
  // All that it misses on Node 20.
  const promises: { withResolvers?: () => object } = Promise as { withResolvers?: () => object };
  promises.withResolvers ??= withResolvers;
  const { Admin, Producer, Consumer } = client<Platformatic>('@platformatic/kafka');
  const base = { clientId: 'field', bootstrapBrokers: [`127.0.0.1:${port}`] };
  const producer = new Producer({ ...base, autocreateTopics: false });
  const consumer = new Consumer({ ...base, groupId: 'field', maxBytes: 1024 * 1024 });
  return {
    prepare: async () => {
      const admin = new Admin(base);
      await admin.createTopics({ topics: [destination], partitions: 1, replicas: 1 });
      await admin.close();
    },
    send: async (value, count) => {
      const messages = Array.from({ length: count }, () => ({ topic: destination, value }));
      await producer.send({ acks: 1, messages });
    },
    consume: async (onMessages) => {
      const stream = await consumer.consume({ topics: [destination], mode: 'earliest', maxWaitTime: 100 });
      for await (const _ of stream) onMessages(1);
    },
    close: async () => {
      await consumer.close(true);
      await producer.close();
    },
  };
}

function withResolvers(): object {
  let resolvers = {};
  const promise = new Promise((resolve, reject) => {
    resolvers = { resolve, reject };
  });
  return { promise, ...resolvers };
}
