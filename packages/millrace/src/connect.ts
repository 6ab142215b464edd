import type { Broker } from '@millrace/broker';
import type { Cluster } from '@millrace/client';
import {
  type Consumer,
  type ConsumerOptions,
  createConsumer,
  type GroupOptions,
  type PartitionsOptions,
} from '@millrace/consumer';
import { type Bytes, createProducer, type Producer, type ProducerOptions } from '@millrace/producer';
import type { World } from '@millrace/runtime';
import { nodeWorld } from '@millrace/runtime/node';
import { HandedOut } from './handed-out.ts';
import { type ConnectOptions, openClusterTo } from './open-cluster-to.ts';
import { createTopic, deleteTopic, type NewTopic } from './topic-admin.ts';

/** Everything that a program does with a broker. What it hands out is closed with it. */
export interface Client extends AsyncDisposable {
  producer<Key = Bytes, Value = Bytes>(options?: ProducerOptions<Key, Value>): Producer<Key, Value>;
  consumer<Key = Buffer | null, Value = Buffer | null>(
    options: ConsumerOptions<Key, Value>,
  ): Consumer<Key, Value>;
  /** TOPIC_ALREADY_EXISTS, INVALID_TOPIC_EXCEPTION, INVALID_PARTITIONS, INVALID_CONFIG. */
  createTopic(name: string, options?: NewTopic): Promise<void>;
  /** UNKNOWN_TOPIC_OR_PARTITION. */
  deleteTopic(name: string): Promise<void>;
  topics(): Promise<readonly string[]>;
  /** Producers send what they hold, consumers commit what was processed. Idempotent. */
  close(): Promise<void>;
}

/** A broker in this process, or addresses: 'host:port,host:port'. Connects with the first call. */
export function connect(
  to: Broker | string | readonly string[],
  options: ConnectOptions = {},
  world: World = nodeWorld,
): Client {
  return clientOver(openClusterTo(to, options, world), world);
}

/** Closes the cluster with the client. */
export function clientOver(
  cluster: Cluster,
  world: World,
  handedOut = new HandedOut<GroupOptions | PartitionsOptions>(),
): Client {
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closed ??= closeBoth(handedOut, cluster);
    return closed;
  };
  return {
    producer: (options) => {
      const producer = createProducer(cluster, options, world);
      handedOut.addProducer(producer);
      return producer;
    },
    consumer: (options) => {
      const consumer = createConsumer(cluster, options, world);
      handedOut.addConsumer(consumer, options);
      return consumer;
    },
    createTopic: async (name, options) => {
      await createTopic(cluster, name, options);
    },
    deleteTopic: (name) => deleteTopic(cluster, name),
    topics: () => cluster.topics(),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Its connections close also when what was handed out does not close cleanly. */
async function closeBoth(handedOut: { close(): Promise<void> }, cluster: Cluster): Promise<void> {
  try {
    await handedOut.close();
  } finally {
    await cluster.close();
  }
}
