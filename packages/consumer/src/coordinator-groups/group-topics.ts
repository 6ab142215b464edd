import type { Cluster } from '@millrace/client';
import { topicsLike } from '@millrace/coordination';
import type { World } from '@millrace/runtime';

/** A topic that somebody waits for is looked for so often, what may have grown so often. */
const missingMs = 1_000;
const grownMs = 10_000;

/** Topic → how many partitions it has; 0: it is not there. */
export type PartitionCounts = ReadonlyMap<string, number>;

/** Asked of the brokers now, since what is cached may be old. */
export async function partitionCounts(
  cluster: Cluster,
  topics: readonly string[],
  signal: AbortSignal,
): Promise<PartitionCounts> {
  if (topics.length === 0) return new Map();
  const { topics: described } = await cluster.call('metadata', { topics: [...topics] }, { signal });
  const counts = new Map(described.map(({ name, partitions }) => [name, partitions.length]));
  return new Map(topics.map((topic) => [topic, counts.get(topic) ?? 0]));
}

/** The names, or those that match now. */
export async function wantedTopics(
  cluster: Cluster,
  topics: readonly string[] | RegExp,
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (!(topics instanceof RegExp)) return [...new Set(topics)];
  // `g` and `y` make a pattern remember where it was.
  const pattern = new RegExp(topics.source, topics.flags.replace(/[gy]/g, ''));
  return [...topicsLike(pattern, await cluster.topics(signal))].sort();
}

/** What an assignment rests on. */
export interface TopicView {
  /** By this member. */
  readonly wanted: readonly string[];
  /** Of all topics that anybody in the group wants; only the leader looks at them. */
  readonly counts: PartitionCounts;
}

/** Resolves when there is something else than `known`; rejects when the signal aborts. Questions without an answer are asked again later. */
export async function untilTopicsChange(
  known: TopicView,
  look: () => Promise<TopicView>,
  world: World,
  signal: AbortSignal,
): Promise<void> {
  const before = textOf(known);
  const waitMs = [...known.counts.values()].includes(0) ? missingMs : grownMs;
  for (;;) {
    await world.clock.sleep(waitMs, signal);
    const now = await look().catch(() => known);
    signal.throwIfAborted();
    if (textOf(now) !== before) return;
  }
}

function textOf({ wanted, counts }: TopicView): string {
  return JSON.stringify([wanted, [...counts].sort(([one], [other]) => (one < other ? -1 : 1))]);
}
