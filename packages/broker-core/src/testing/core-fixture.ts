import {
  type MemoryRegistry,
  type MemorySession,
  memoryRegistry,
  type OpenRegistry,
} from '@millrace/coordination';
import { type LogDirectory, openLogDirectory } from '@millrace/log';
import type { CallContext, ResponseOf } from '@millrace/protocol';
import { BatchBuilder, recordsIn } from '@millrace/record';
import { type TestWorld, testWorld } from '@millrace/runtime/testing';
import { type BrokerCore, type BrokerCoreOptions, createBrokerCore } from '../broker-core.ts';

/** A broker core on a manual clock, files in memory and a registry in memory. */
export interface CoreFixture {
  readonly core: BrokerCore;
  readonly world: TestWorld;
  readonly registry: MemoryRegistry;
  readonly logs: LogDirectory;
  /** The core's sessions, the newest last: `expire()` is how a test kills a broker. */
  readonly sessions: MemorySession[];
  /** The registry cannot be reached any more, and the session expires; until `mend`. */
  readonly cut: () => void;
  readonly mend: () => void;
  readonly stop: () => Promise<void>;
}

export interface CoreFixtureOptions extends Partial<Omit<BrokerCoreOptions, 'logs' | 'registry'>> {
  readonly world?: TestWorld;
  readonly registry?: MemoryRegistry;
}

/** Not started yet. */
export async function createCore(options: CoreFixtureOptions = {}): Promise<CoreFixture> {
  const { world = testWorld(options.nodeId ?? 1), registry = memoryRegistry(), ...rest } = options;
  const logs = await openLogDirectory('/data', {}, world);
  const sessions: MemorySession[] = [];
  let reachable = true;
  const open: OpenRegistry = async () => {
    if (!reachable) throw new Error('the registry cannot be reached');
    const session = registry.session();
    sessions.push(session);
    return session;
  };
  const cut = (): void => {
    reachable = false;
    sessions.at(-1)?.expire();
  };
  const mend = (): void => {
    reachable = true;
  };
  const core = createBrokerCore({ ...rest, logs, registry: open }, world);
  const stop = async (): Promise<void> => {
    await core.stop();
    await logs.close();
  };
  return { core, world, registry, logs, sessions, cut, mend, stop };
}

export async function startCore(options: CoreFixtureOptions = {}): Promise<CoreFixture> {
  const fixture = await createCore(options);
  await fixture.core.start();
  return fixture;
}

/** As a connection hands it to handlers. */
export function contextOf(connection = new AbortController(), listener = 'test'): CallContext {
  return { signal: connection.signal, clientId: 'test', connectionId: 1, listener };
}

export async function createTopic(core: BrokerCore, name: string, partitions = 1): Promise<string> {
  const answer = await core.api.createTopics(
    { topics: [{ name, partitions }], timeoutMs: 10_000 },
    contextOf(),
  );
  const [topic] = answer.topics;
  if (topic?.error !== 'NONE' || topic.topicId === undefined) {
    throw new Error(`no topic ${name}: ${topic?.error} ${topic?.message}`);
  }
  return topic.topicId;
}

/** One batch of these values. */
export function batchOf(
  values: readonly string[],
  producer?: { producerId: number; producerEpoch: number; baseSequence: number },
): Buffer {
  const builder = new BatchBuilder({ maxBytes: 64 * 1024 * 1024 });
  for (const value of values) builder.tryAppend({ value }, 1_000);
  return builder.build(producer);
}

type Acks = 'none' | 'leader' | 'all';

export async function produce(
  core: BrokerCore,
  values: readonly string[],
  options: { topic?: string; partition?: number; acks?: Acks; timeoutMs?: number; batches?: Buffer } = {},
): Promise<ResponseOf<'produce'>['partitions'][number]> {
  const { topic = 'orders', partition = 0, acks = 'all', timeoutMs = 30_000 } = options;
  const batches = options.batches ?? batchOf(values);
  const answer = await core.api.produce(
    { acks, timeoutMs, partitions: [{ topic, partition, batches }] },
    contextOf(),
  );
  return only(answer.partitions);
}

export interface FetchOptions {
  topic?: string;
  partition?: number;
  from?: number;
  maxWaitMs?: number;
  minBytes?: number;
  maxBytes?: number;
  currentLeaderEpoch?: number;
  connection?: AbortController;
}

/** What a fetch of one partition answers, its records as text. */
export async function fetch(
  core: BrokerCore,
  options: FetchOptions = {},
): Promise<ResponseOf<'fetch'>['partitions'][number] & { values: string[] }> {
  const { topic = 'orders', partition = 0, from = 0, maxWaitMs = 0, minBytes = 1 } = options;
  const { maxBytes = 1024 * 1024, currentLeaderEpoch, connection } = options;
  const wanted = { topic, partition, fetchOffset: from, maxBytes };
  const answer = await core.api.fetch(
    {
      maxWaitMs,
      minBytes,
      maxBytes,
      partitions: [currentLeaderEpoch === undefined ? wanted : { ...wanted, currentLeaderEpoch }],
    },
    contextOf(connection),
  );
  const answered = only(answer.partitions);
  return { ...answered, values: await valuesIn(answered.batches, from) };
}

/** Reads and releases what a fetch handed out. */
export async function valuesIn(
  batches: ResponseOf<'fetch'>['partitions'][number]['batches'],
  from = 0,
): Promise<string[]> {
  if (!('release' in batches)) return [...recordsIn(batches, { from })].map(({ value }) => String(value));
  const bytes = await batches.read(0, batches.byteLength);
  batches.release();
  return [...recordsIn(bytes, { from })].map(({ value }) => String(value));
}

export function only<Item>(items: readonly Item[]): Item {
  const [item] = items;
  if (item === undefined || items.length > 1) throw new Error(`${items.length} items where there is one`);
  return item;
}
