import {
  type Compression,
  type CompressionCodec,
  type LogRecord,
  loadCompression,
  type Offset,
  recordsIn,
} from '@millrace/record';
import { longScanBytes, scanHeaders } from './batch-scan.ts';
import type { BatchMark, Segment } from './segment.ts';

/** The first record with a timestamp at or after `timestamp`, by the largest timestamps of segments and batches. */
export async function offsetForTimestamp(
  segments: readonly Segment[],
  timestamp: number,
  startOffset: Offset = 0,
): Promise<{ offset: Offset; timestamp: number } | undefined> {
  // All of them: one that is replaced meanwhile stays readable.
  for (const segment of segments) segment.acquire();
  try {
    for (const segment of segments) {
      await knowTimestamps(segment);
      if (segment.largestTimestamp < timestamp) continue;
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
    await knowTimestamps(segment);
    return segment.largestTimestamp;
  } finally {
    segment.release();
  }
}

/** Goes once through the headers of a segment that was there when the log was opened. */
async function knowTimestamps(segment: Segment): Promise<void> {
  const range = { from: segment.timestampsTo, to: segment.sizeInBytes, pieceBytes: longScanBytes };
  await scanHeaders(segment, range, (header, position) => {
    // Another search may have been here meanwhile.
    if (position === segment.timestampsTo) segment.noteTimestamp({ ...header, position });
    return true;
  });
}

async function firstInSegment(
  segment: Segment,
  timestamp: number,
  startOffset: Offset,
): Promise<LogRecord | undefined> {
  let from = 0;
  for (;;) {
    const batch = await nextBatch(segment, from, timestamp);
    if (batch === undefined) return undefined;
    const bytes = await segment.file.read(batch.position, batch.sizeInBytes);
    const codecs = await codecsFor(batch.compression);
    for (const record of recordsIn(bytes, { codecs }))
      if (record.timestamp >= timestamp && record.offset >= startOffset) return record;
    // A header may promise more than its records hold, once compaction has taken some.
    from = batch.position + batch.sizeInBytes;
  }
}

/** The first batch from `from` on whose largest timestamp reaches `timestamp`. */
async function nextBatch(
  segment: Segment,
  from: number,
  timestamp: number,
): Promise<(BatchMark & { readonly compression: Compression }) | undefined> {
  let found: (BatchMark & { readonly compression: Compression }) | undefined;
  await scanHeaders(
    segment,
    { from, to: segment.sizeInBytes, pieceBytes: longScanBytes },
    (header, position) => {
      if (header.maxTimestamp >= timestamp) found = { ...header, position };
      return found === undefined;
    },
  );
  return found;
}

async function codecsFor(compression: Compression): Promise<Map<Compression, CompressionCodec>> {
  const codecs = new Map<Compression, CompressionCodec>();
  if (compression !== 'none') codecs.set(compression, await loadCompression(compression));
  return codecs;
}
