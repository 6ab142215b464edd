import type { Cluster } from '@millrace/client';
import type { GroupPartition } from '@millrace/coordination';
import { offsetsAt } from './offsets.ts';

/**
 * How many records a group has not done, of those that are still there. Undefined when nobody knows: of a partition without
 * a leader nobody can tell the end.
 */
export async function recordsBehind(
  cluster: Cluster,
  partitions: readonly Pick<GroupPartition, 'topic' | 'partition' | 'committed'>[],
  signal: AbortSignal,
): Promise<number | undefined> {
  const bounds = await Promise.all([
    offsetsAt(cluster, partitions, 'earliest', signal),
    offsetsAt(cluster, partitions, 'latest', signal),
  ]).catch(() => undefined);
  if (bounds === undefined) return undefined;
  const [starts, ends] = bounds;
  const behind = partitions.map(({ committed }, at) => {
    const start = starts[at]?.offset ?? 0;
    return Math.max(0, (ends[at]?.offset ?? 0) - Math.max(start, committed ?? start));
  });
  return behind.reduce((sum, one) => sum + one, 0);
}
