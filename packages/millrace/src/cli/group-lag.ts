import type { Cluster } from '@millrace/client';
import { createConsumer } from '@millrace/consumer';
import type { GroupPartition } from '@millrace/coordination';
import type { World } from '@millrace/runtime';
import { offsetsAt } from '../offsets.ts';

/** A partition of a group, and how far behind its end the group is. */
export interface LaggingPartition extends GroupPartition {
  readonly end: number;
  /** Records that are not done. */
  readonly lag: number;
  /** How long ago the oldest of them was written, by its timestamp; undefined: none, or it could not be read in time. */
  readonly behindMs: number | undefined;
}

/** How long the oldest record of each lagging partition may take to arrive. */
const readWithinMs = 2_000;

export async function lagOf(
  cluster: Cluster,
  partitions: readonly GroupPartition[],
  world: World,
): Promise<LaggingPartition[]> {
  const [earliest, latest] = await Promise.all([
    offsetsAt(cluster, partitions, 'earliest'),
    offsetsAt(cluster, partitions, 'latest'),
  ]);
  const measured = partitions.map((partition, index) => {
    const [start, end] = [earliest[index]?.offset ?? 0, latest[index]?.offset ?? 0];
    // What was deleted meanwhile cannot be read any more.
    const next = Math.max(start, partition.committed ?? start);
    return { partition, end, next, lag: Math.max(0, end - next) };
  });
  const lagging = measured.filter(({ lag }) => lag > 0);
  const written = await recordTimes(
    cluster,
    lagging.map(({ partition: { topic, partition }, next }) => ({ topic, partition, from: next })),
    world,
  );
  const now = world.clock.now();
  return measured.map(({ partition, end, lag }) => {
    const at = written.get(nameOf(partition));
    return { ...partition, end, lag, behindMs: at === undefined ? undefined : Math.max(0, now - at) };
  });
}

/** Partition → timestamp of the record there, ms since the epoch. */
export async function recordTimes(
  cluster: Cluster,
  partitions: readonly { topic: string; partition: number; from: number }[],
  world: World,
): Promise<ReadonlyMap<string, number>> {
  const found = new Map<string, number>();
  if (partitions.length === 0) return found;
  const consumer = createConsumer(cluster, { partitions, signal: world.clock.timeout(readWithinMs) }, world);
  try {
    for await (const [record] of consumer.batches()) {
      if (record === undefined || found.has(nameOf(record))) continue;
      found.set(nameOf(record), record.timestamp);
      consumer.pause([record]);
      if (found.size === partitions.length) break;
    }
  } finally {
    await consumer.close();
  }
  return found;
}

function nameOf({ topic, partition }: { topic: string; partition: number }): string {
  return `${topic}-${partition}`;
}
