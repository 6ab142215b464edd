import {
  type BatchHeader,
  type Compression,
  type CompressionCodec,
  type LogRecord,
  loadCompression,
  type Offset,
  recordsIn,
} from '@millrace/record';
import { hasCode } from '@millrace/runtime';
import { shortScanBytes } from './batch-scan.ts';
import type { BatchMark, Segment } from './segment.ts';
import { batchWith, isOf, knownTimes, scanFrom } from './time-index-file.ts';

/**
 * The first record with a timestamp at or after `timestamp`: in the first segment whose largest timestamp reaches it,
 * in the first batch there whose largest does. What lies below `startOffset` does not count.
 */
export async function offsetForTimestamp(
  segments: readonly Segment[],
  timestamp: number,
  startOffset: Offset = 0,
): Promise<{ offset: Offset; timestamp: number } | undefined> {
  // All of them: one that is replaced meanwhile stays readable.
  for (const segment of segments) segment.acquire();
  try {
    for (const segment of segments) {
      if ((await knownTimes(segment)).largestTimestamp < timestamp) continue;
      const record = await firstInSegment(segment, timestamp, startOffset);
      if (record !== undefined) return { offset: record.offset, timestamp: record.timestamp };
    }
    return undefined;
  } finally {
    for (const segment of segments) segment.release();
  }
}

/** The largest timestamp in a segment, ms since the epoch; -1 when there is none. */
export async function newestTimestamp(segment: Segment): Promise<number> {
  segment.acquire();
  try {
    return (await knownTimes(segment)).largestTimestamp;
  } finally {
    segment.release();
  }
}

async function firstInSegment(
  segment: Segment,
  timestamp: number,
  startOffset: Offset,
): Promise<LogRecord | undefined> {
  let from = Math.max(
    await startByTime(segment, timestamp),
    startOffset > segment.baseOffset ? await startByOffset(segment, startOffset) : 0,
  );
  for (;;) {
    const batch = await nextBatch(segment, from, timestamp, startOffset);
    if (batch === undefined) return undefined;
    const bytes = await segment.file.read(batch.position, batch.sizeInBytes);
    const codecs = await codecsFor(batch.compression);
    for (const record of recordsIn(bytes, { codecs }))
      if (record.timestamp >= timestamp && record.offset >= startOffset) return record;
    // A header may promise more than its records hold, once compaction has taken some.
    from = batch.position + batch.sizeInBytes;
  }
}

/** Where a search for `timestamp` may start. A time index that turns out to be wrong is made anew first. */
async function startByTime(segment: Segment, timestamp: number): Promise<number> {
  for (;;) {
    const times = await knownTimes(segment);
    const entry = times.startFor(timestamp);
    if (entry === undefined) return 0;
    const found = await batchOrUndefined(segment, entry.offset);
    if (entry.isProven) return found?.position ?? 0;
    if (found !== undefined && isOf(entry, found.header)) return found.position;
    segment.forgetTimes(times);
  }
}

/** Where a search may start when what lies below `offset` does not count. */
async function startByOffset(segment: Segment, offset: Offset): Promise<number> {
  return (await batchOrUndefined(segment, offset))?.position ?? 0;
}

/** undefined also when the way there is damaged: whoever then starts further ahead meets the damage, or does well without the index. */
async function batchOrUndefined(
  segment: Segment,
  offset: Offset,
): Promise<{ readonly header: BatchHeader; readonly position: number } | undefined> {
  try {
    return await batchWith(segment, offset);
  } catch (error) {
    if (hasCode(error, 'CORRUPT_MESSAGE')) return undefined;
    throw error;
  }
}

/** The first batch from `from` on that ends at `startOffset` or behind, and whose largest timestamp reaches `timestamp`. */
async function nextBatch(
  segment: Segment,
  from: number,
  timestamp: number,
  startOffset: Offset,
): Promise<(BatchMark & { readonly compression: Compression }) | undefined> {
  let found: (BatchMark & { readonly compression: Compression }) | undefined;
  const range = { from, to: segment.sizeInBytes, pieceBytes: shortScanBytes };
  await scanFrom(segment, range, (header, position) => {
    if (header.maxTimestamp >= timestamp && header.lastOffset >= startOffset) found = { ...header, position };
    return found === undefined;
  });
  return found;
}

async function codecsFor(compression: Compression): Promise<Map<Compression, CompressionCodec>> {
  const codecs = new Map<Compression, CompressionCodec>();
  if (compression !== 'none') codecs.set(compression, await loadCompression(compression));
  return codecs;
}
