import type { Cluster } from '@millrace/client';
import { throwFailure } from './topic-admin.ts';

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

export interface FoundOffset extends TopicPartition {
  /** undefined: no record has that timestamp or a later one. */
  readonly offset: number | undefined;
}

/** Asks each partition's leader for an offset; answers in the order asked. */
export function offsetsAt(
  cluster: Cluster,
  partitions: readonly TopicPartition[],
  at: 'earliest' | 'latest' | { readonly timestamp: number },
  signal?: AbortSignal,
): Promise<FoundOffset[]> {
  const wanted = typeof at === 'string' ? { at } : { at: 'timestamp' as const, timestamp: at.timestamp };
  return Promise.all(
    partitions.map(async ({ topic, partition }) => {
      const { connection } = await cluster.leaderOf(topic, partition, signal);
      const answer = await connection.call('listOffsets', { partitions: [{ topic, partition, ...wanted }] });
      const found = answer.partitions[0];
      throwFailure(found, `the offsets of ${topic}-${partition} cannot be told`);
      return { topic, partition, offset: found?.offset };
    }),
  );
}
