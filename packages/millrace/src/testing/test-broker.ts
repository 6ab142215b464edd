import { type Broker, type ListenerConfig, startBroker } from '@millrace/broker';
import type { Cluster } from '@millrace/client';
import type { ConsumerRecord, GroupOptions, PartitionsOptions } from '@millrace/consumer';
import { deleteGroup, describeGroup, listGroups, type Registry } from '@millrace/coordination';
import type { World } from '@millrace/runtime';
import { nodeWorld } from '@millrace/runtime/node';
import { type ManualClock, manualClock } from '@millrace/runtime/testing';
import { type Client, clientOver } from '../connect.ts';
import { HandedOut } from '../handed-out.ts';
import { openClusterTo } from '../open-cluster-to.ts';
import { createTopic, deleteTopic } from '../topic-admin.ts';
import { type Decoders, readAll } from './read-all.ts';
import { settled } from './settled.ts';

/** A real broker in the process of the test, in memory, and a client for it. */
export interface TestBroker extends Broker, Client {
  /** `127.0.0.1:41233` when it listens. */
  readonly address: string | undefined;
  /** `127.0.0.1:41234`, where Kafka's clients begin, when it was started with `kafka: true`. */
  readonly kafka: string | undefined;
  /** Time, when it was started with `clock: 'manual'`: `await broker.clock.advance(60_000)`. */
  readonly clock: ManualClock | undefined;
  /** All records of a topic at this moment, partition after partition, each in order. UNKNOWN_TOPIC_OR_PARTITION. */
  records<Key = Buffer | null, Value = Buffer | null>(
    topic: string,
    decoders?: Decoders<Key, Value>,
  ): Promise<readonly ConsumerRecord<Key, Value>[]>;
  /**
   * Resolves once nothing is in flight: what producers were given is acknowledged, and every consumer of this client
   * and every group has done all there is (a record is done when its reader asks for the next one; what consumers of
   * other clients have done is known when they commit it). NOT_SETTLED after `timeoutMs` (4 s) says what is left. Under a
   * manual clock it moves time on, 2 ms at a look, while something is left.
   */
  settled(options?: { timeoutMs?: number }): Promise<void>;
  /**
   * As new: closes what this client handed out, deletes all topics (but for those of the start, which are made again) and
   * all groups without members. The address stays.
   */
  reset(): Promise<void>;
  /** Closes what was handed out, and stops the broker; nothing is left on the event loop. Idempotent. */
  close(): Promise<void>;
}

export interface TestBrokerOptions {
  /** Made at start, with a partition each; others are made with their first record. */
  topics?: readonly string[];
  /** Also listen on a free port of 127.0.0.1, for clients in other processes. false */
  listen?: boolean;
  /** Also listen on a free port of 127.0.0.1 for Kafka's clients. false */
  kafka?: boolean;
  /**
   * `manual`: time stands still for the broker and its client until the test moves it on, and what would take hours
   * (retention, sessions, linger, retries) takes milliseconds. `real`
   */
  clock?: 'real' | 'manual';
}

const [listener, kafkaListener] = ['native', 'kafka'] as const;
/** Below the five seconds of a jest test, so that the reason is seen. */
const settledWithinMs = 4_000;

/** Starts a broker that keeps nothing, for one test or for all. */
export function startTestBroker(
  options: TestBrokerOptions & { clock: 'manual' },
  world?: World,
): Promise<TestBroker & { readonly clock: ManualClock }>;
export function startTestBroker(options?: TestBrokerOptions, world?: World): Promise<TestBroker>;
export async function startTestBroker(
  options: TestBrokerOptions = {},
  given: World = nodeWorld,
): Promise<TestBroker> {
  const { topics = [], clock: kind = 'real' } = options;
  const clock = kind === 'manual' ? manualClock() : undefined;
  const world = clock === undefined ? given : { ...given, clock };
  const broker = await startBroker({ listeners: await listenersFor(options) }, world);
  const cluster = openClusterTo(broker, {}, world);
  const handedOut = new HandedOut<GroupOptions | PartitionsOptions>();
  const client = clientOver(cluster, world, handedOut);
  const registry = await broker.registry();
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closed ??= closeAll([() => client.close(), () => registry.close(), () => broker.stop()]);
    return closed;
  };
  try {
    await createTopics(cluster, topics);
  } catch (error) {
    await close();
    throw error;
  }
  const pause = (ms: number): Promise<void> =>
    clock === undefined ? world.clock.sleep(ms) : clock.advance(ms);
  const addressOf = (name: string): string | undefined => {
    const endpoint = broker.endpoints[name];
    return endpoint && `${endpoint.host}:${endpoint.port}`;
  };
  return {
    ...broker,
    ...client,
    address: addressOf(listener),
    kafka: addressOf(kafkaListener),
    clock,
    records: (topic, decoders = {}) => readAll(cluster, topic, decoders, world),
    settled: ({ timeoutMs = settledWithinMs } = {}) =>
      settled({ cluster, registry, handedOut, clock: world.clock, pause }, timeoutMs),
    reset: async () => {
      await handedOut.close();
      for (const topic of await cluster.topics()) await deleteTopic(cluster, topic);
      await deleteGroups(registry);
      await createTopics(cluster, topics);
    },
    stop: close,
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function listenersFor({ listen = false, kafka = false }: TestBrokerOptions): Promise<ListenerConfig[]> {
  const own = listen ? [{ name: listener }] : [];
  if (!kafka) return own;
  const { kafkaCodec } = await import('@millrace/kafka-protocol');
  return [...own, { name: kafkaListener, codec: kafkaCodec() }];
}

async function createTopics(cluster: Cluster, topics: readonly string[]): Promise<void> {
  await Promise.all(topics.map((name) => createTopic(cluster, name)));
}

async function deleteGroups(registry: Registry): Promise<void> {
  for (const group of await listGroups(registry)) {
    const { members } = await describeGroup(registry, group);
    if (members.length === 0) await deleteGroup(registry, group);
  }
}

/** One after the other, each also when one before it failed. */
async function closeAll(steps: readonly (() => Promise<void>)[]): Promise<void> {
  const failures: unknown[] = [];
  for (const step of steps) await step().catch((error: unknown) => failures.push(error));
  if (failures.length > 0) throw failures[0];
}
