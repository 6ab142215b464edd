import type { ResponseOf } from '@millrace/protocol';
import type { AssignedPartition } from './assigned-partition.ts';
import type { OutOfRange } from './config.ts';
import { consumerError } from './errors.ts';

/** What a fetch answers of one partition. */
export type FetchedPartition = ResponseOf<'fetch'>['partitions'][number];

/** Why a broker gave nothing of a partition, with where it was asked for. */
export function refusalOf(
  { error, message, logStartOffset, highWatermark }: FetchedPartition,
  { name, topic, partition }: AssignedPartition,
  offset: number,
): Error {
  const isOutside = error === 'OFFSET_OUT_OF_RANGE';
  return consumerError(error, message ?? `${name} at offset ${offset}: ${error}`, {
    details: {
      topic,
      partition,
      offset,
      ...(isOutside && logStartOffset !== undefined ? { logStartOffset } : {}),
      ...(isOutside && highWatermark !== undefined ? { highWatermark } : {}),
    },
    ...(isOutside ? { hint: "seek to an offset in the range, 'earliest' or 'latest'" } : {}),
  });
}

/** What was answered cannot be read, again and again. */
export function unreadable(
  { name, topic, partition }: AssignedPartition,
  offset: number,
  cause: unknown,
): Error {
  const { message } = cause as { message?: string };
  const what = `${name} at offset ${offset} cannot be read: ${message ?? String(cause)}`;
  return consumerError('STORAGE_ERROR', what, { cause, details: { topic, partition, offset } });
}

/** Where to go on by the reset policy when the answer says that the offset is gone; undefined: readers are told. */
export function resetOffset(
  { error, logStartOffset, highWatermark }: FetchedPartition,
  outOfRange: OutOfRange,
): number | undefined {
  if (error !== 'OFFSET_OUT_OF_RANGE' || outOfRange === 'none') return undefined;
  return outOfRange === 'earliest' ? logStartOffset : highWatermark;
}

/** A range that nobody reads. */
export function releaseBatches({ batches }: FetchedPartition): void {
  if ('release' in batches) batches.release();
}
