import type { Cluster } from '@millrace/client';
import { describeGroup, type GroupPartition, listGroups } from '@millrace/coordination';
import type { World } from '@millrace/runtime';
import { offsetsAt } from '../offsets.ts';
import { recordsBehind } from '../records-behind.ts';
import { classicGroups } from './classic-groups.ts';
import { withRegistrySession } from './session.ts';
import { type ProcessFigures, processFigures } from './top-metrics.ts';

/** What there is at one moment. */
export interface Look {
  /** On the monotonic clock, ms. */
  readonly at: number;
  readonly topics: readonly TopicLook[];
  readonly groups: readonly GroupLook[];
  /** undefined: the broker does not tell. */
  readonly process: ProcessFigures | undefined;
}

interface TopicLook {
  readonly topic: string;
  readonly partitions: number;
  /** Offsets given so far, over all partitions; undefined: a partition has no leader. */
  readonly end: number | undefined;
  readonly records: number | undefined;
}

interface GroupLook {
  readonly group: string;
  readonly kind: string;
  readonly members: number;
  /** The sum of what is committed. */
  readonly done: number;
  readonly lag: number | undefined;
}

/** How long a look may take. */
const lookMs = 5_000;

export async function look(cluster: Cluster, metricsAt: string, { clock }: World): Promise<Look> {
  const signal = clock.timeout(lookMs);
  const [topics, groups, figures] = await Promise.all([
    lookAtTopics(cluster, signal),
    lookAtGroups(cluster, signal),
    processFigures(metricsAt, signal),
  ]);
  return { at: clock.monotonic(), topics, groups, process: figures };
}

async function lookAtTopics(cluster: Cluster, signal: AbortSignal): Promise<TopicLook[]> {
  const { topics } = await cluster.call('metadata', {}, { signal });
  return Promise.all(
    topics.map(async ({ name, partitions }) => {
      const named = partitions.map(({ partition }) => ({ topic: name, partition }));
      const sum = async (at: 'earliest' | 'latest'): Promise<number> =>
        (await offsetsAt(cluster, named, at, signal)).reduce((total, { offset }) => total + (offset ?? 0), 0);
      const [start, end] = await Promise.all([sum('earliest'), sum('latest')]).catch(() => []);
      const records = start === undefined || end === undefined ? undefined : end - start;
      return { topic: name, partitions: partitions.length, end, records };
    }),
  );
}

async function lookAtGroups(cluster: Cluster, signal: AbortSignal): Promise<GroupLook[]> {
  // Where brokers share a registry that was not named, their own groups cannot be seen.
  const own = await withRegistrySession(cluster.registry, async (registry) => {
    const names = await listGroups(registry);
    return Promise.all(names.map((name) => describeGroup(registry, name)));
  }).catch(() => []);
  const classic = await classicGroups(cluster).catch(() => []);
  const groupLook = async (
    kind: string,
    {
      group,
      members,
      partitions,
    }: {
      readonly group: string;
      readonly members: readonly unknown[];
      readonly partitions: readonly GroupPartition[];
    },
  ): Promise<GroupLook> => ({
    group,
    kind,
    members: members.length,
    done: partitions.reduce((sum, { committed }) => sum + (committed ?? 0), 0),
    lag: await recordsBehind(cluster, partitions, signal),
  });
  return Promise.all([
    ...own.map((group) => groupLook('millrace', group)),
    ...classic.map((group) => groupLook('classic', group)),
  ]);
}
