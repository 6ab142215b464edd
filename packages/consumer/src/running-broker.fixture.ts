import { type Broker, startBroker } from '@millrace/broker';
import { type Cluster, openCluster } from '@millrace/client';
import { type MemorySession, memoryRegistry } from '@millrace/coordination';
import { createProducer, type Producer } from '@millrace/producer';
import type { ApiName, Connector, RequestOf, ResponseOf } from '@millrace/protocol';
import type { Compression } from '@millrace/record';

/** A real broker in this process, with topics and records, for tests of consumers. */
export interface RunningBroker {
  readonly broker: Broker;
  readonly cluster: Cluster;
  /** Sessions that consumers of `cluster` have opened, in order. */
  readonly sessions: readonly MemorySession[];
  createTopic(name: string, partitions?: number): Promise<void>;
  /** One after another, in batches of their own when `apart`. */
  send(
    topic: string,
    values: readonly string[],
    options?: {
      partition?: number;
      timestamp?: number;
      apart?: boolean;
      compression?: Compression;
      /** The first character of a value is its key. */
      keyed?: boolean;
    },
  ): Promise<void>;
  stop(): Promise<void>;
}

/** `around` may stand between client and broker. */
export async function runBroker(
  around: (connect: Connector) => Connector = (connect) => connect,
): Promise<RunningBroker> {
  const registry = memoryRegistry();
  const broker = await startBroker({ registry: registry.open });
  const bootstrap = [{ nodeId: broker.nodeId, host: 'in-process', port: 0 }];
  const sessions: MemorySession[] = [];
  const cluster = openCluster({
    connect: around(broker.connect),
    bootstrap,
    registry: () => {
      const session = registry.session();
      sessions.push(session);
      return Promise.resolve(session);
    },
  });
  const direct = openCluster({ connect: broker.connect, bootstrap });
  const producers = new Map<Compression, Producer>();
  return {
    broker,
    cluster,
    sessions,
    createTopic: async (name, partitions = 1) => {
      await direct.call('createTopics', { timeoutMs: 5_000, topics: [{ name, partitions }] });
    },
    send: async (
      topic,
      values,
      { partition = 0, timestamp, apart = false, compression = 'none', keyed = false } = {},
    ) => {
      const producer = producers.get(compression) ?? createProducer(direct, { compression });
      producers.set(compression, producer);
      const sends = [];
      for (const value of values) {
        const sent = producer.send({
          topic,
          partition,
          value,
          ...(keyed ? { key: value.slice(0, 1) } : {}),
          ...(timestamp === undefined ? {} : { timestamp }),
        });
        sends.push(sent);
        if (apart) await sent;
      }
      await Promise.all(sends);
    },
    stop: async () => {
      for (const producer of producers.values()) await producer.close();
      await cluster.close();
      await direct.close();
      await broker.stop();
    },
  };
}

/** Stands in for what a broker answers to one question. */
export type Tamper<Name extends ApiName> = (
  request: RequestOf<Name>,
  ask: () => Promise<ResponseOf<Name>>,
) => Promise<ResponseOf<Name>>;

/** Connections on which `tamper` stands in for the broker's answers to `name`. */
export function tampering<Name extends ApiName>(
  name: Name,
  tamper: Tamper<Name>,
): (connect: Connector) => Connector {
  return (connect) => async (node, signal) => {
    const connection = await connect(node, signal);
    return {
      closed: connection.closed,
      close: () => connection.close(),
      call: (api, request) => {
        const ask = () => connection.call(api, request);
        return (api as ApiName) === name
          ? (tamper(request as never, ask as never) as ReturnType<typeof ask>)
          : ask();
      },
    };
  };
}

/** The first `count` items, then out. */
export async function take<Item>(items: AsyncIterable<Item>, count: number): Promise<Item[]> {
  const taken: Item[] = [];
  for await (const item of items) {
    taken.push(item);
    if (taken.length === count) break;
  }
  return taken;
}
