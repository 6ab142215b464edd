import { type Cluster, isRetriable, leaderMayHaveMoved, retryDelayMs } from '@millrace/client';
import type { TopicPartition } from '@millrace/coordination';
import type { Offset } from '@millrace/record';
import type { World } from '@millrace/runtime';
import type { From } from './config.ts';
import { consumerError } from './errors.ts';

/**
 * The offset where a partition begins, ends (its high watermark: what a consumer can see), or first reaches a
 * timestamp; the end when nothing is as late as that. Asked until the leader answers or the signal aborts.
 */
export async function resolveFrom(
  { topic, partition }: TopicPartition,
  from: From,
  context: { readonly cluster: Cluster; readonly world: World },
  signal: AbortSignal,
): Promise<Offset> {
  const { cluster, world } = context;
  const at = typeof from === 'string' ? from : 'timestamp';
  const timestamp = typeof from === 'string' ? {} : { timestamp: from.timestamp };
  for (let failures = 1; ; failures += 1) {
    try {
      const { connection } = await cluster.leaderOf(topic, partition, signal);
      const answer = (
        await connection.call('listOffsets', { partitions: [{ topic, partition, at, ...timestamp }] })
      ).partitions[0];
      if (answer === undefined || answer.error !== 'NONE')
        throw consumerError(
          answer?.error ?? 'UNKNOWN_SERVER_ERROR',
          answer?.message ?? `${topic}-${partition}: no answer`,
        );
      if (answer.offset !== undefined) return answer.offset;
      return await resolveFrom({ topic, partition }, 'latest', context, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!isRetriable(error)) throw error;
      if (leaderMayHaveMoved(error)) cluster.forget(topic);
      await world.clock.sleep(retryDelayMs(failures, 50, world.random), signal);
    }
  }
}
