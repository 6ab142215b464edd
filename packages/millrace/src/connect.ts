import type { Broker } from '@millrace/broker';
import type { Cluster } from '@millrace/client';
import { type Consumer, type ConsumerOptions, createConsumer } from '@millrace/consumer';
import { type Bytes, createProducer, type Producer, type ProducerOptions } from '@millrace/producer';
import type { World } from '@millrace/runtime';
import { nodeWorld } from '@millrace/runtime/node';
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
export function clientOver(cluster: Cluster, world: World): Client {
  const producers = new Set<{ close(): Promise<void> }>();
  const consumers = new Set<{ close(): Promise<void> }>();
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => {
    // Consumers first: what their handlers still send goes out with the producers.
    closed ??= closeInTurn([[...consumers], [...producers], [cluster]]);
    return closed;
  };
  return {
    producer: (options) => {
      const producer = createProducer(cluster, options, world);
      producers.add(producer);
      return producer;
    },
    consumer: (options) => {
      const consumer = createConsumer(cluster, options, world);
      consumers.add(consumer);
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

/** Group after group; each member of a group at once. Rejects with the first failure once all were closed. */
async function closeInTurn(groups: readonly (readonly { close(): Promise<void> }[])[]): Promise<void> {
  const failures: unknown[] = [];
  for (const group of groups) {
    const results = await Promise.allSettled(group.map((member) => member.close()));
    for (const result of results) if (result.status === 'rejected') failures.push(result.reason);
  }
  if (failures.length > 0) throw failures[0];
}
