import { type Cluster, isRetriable, leaderMayHaveMoved } from '@millrace/client';
import type { TopicPartition } from '@millrace/coordination';
import type { Offset } from '@millrace/record';
import { codeOf, type World } from '@millrace/runtime';
import type { From } from './config.ts';
import { consumerError } from './errors.ts';
import { patiently } from './patiently.ts';

export interface ResolveContext {
  readonly cluster: Cluster;
  readonly world: World;
  /** For how long to try; a topic that is not there is an error at once then. Left out: for ever. */
  readonly withinMs?: number;
}

/**
 * The offset where a partition begins, ends (its high watermark: what a consumer can see), or first reaches a
 * timestamp; the end when nothing is as late as that. Asked again while the error may pass, until the signal aborts or
 * the time is over: then rejects with the last error.
 */
export function resolveFrom(
  place: TopicPartition,
  from: From,
  { cluster, world, withinMs }: ResolveContext,
  signal: AbortSignal,
): Promise<Offset> {
  const mayPass = (error: unknown): boolean => {
    if (withinMs !== undefined && codeOf(error) === 'UNKNOWN_TOPIC_OR_PARTITION') return false;
    if (leaderMayHaveMoved(error)) cluster.forget(place.topic);
    return isRetriable(error);
  };
  const patience = { world, withinMs: withinMs ?? Number.POSITIVE_INFINITY, signal };
  return patiently(() => offsetAt(cluster, place, from, signal), patience, mayPass);
}

async function offsetAt(
  cluster: Cluster,
  place: TopicPartition,
  from: From,
  signal: AbortSignal,
): Promise<Offset> {
  const { topic, partition } = place;
  // Says best what is wrong, if there is no such partition or nobody leads it.
  await cluster.leaderOf(topic, partition, signal);
  const wanted = typeof from === 'string' ? { at: from } : { at: 'timestamp' as const, ...from };
  const request = { partitions: [{ topic, partition, ...wanted }] };
  const [answer] = (await cluster.call('listOffsets', request, { signal })).partitions;
  if (answer === undefined || answer.error !== 'NONE') {
    const error = answer?.error ?? 'UNKNOWN_SERVER_ERROR';
    throw consumerError(error, answer?.message ?? `where ${topic}-${partition} begins: ${error}`, {
      details: { topic, partition },
    });
  }
  return answer.offset ?? offsetAt(cluster, place, 'latest', signal);
}
