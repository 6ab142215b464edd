import { dirname, join } from 'node:path';
import { type BatchHeader, batchHeaderBytes, type Offset } from '@millrace/record';
import { type FileSystem, hasCode } from '@millrace/runtime';
import { corruptAt, longScanBytes, type ScanRange, scanHeaders, shortScanBytes } from './batch-scan.ts';
import { readWhole, writeSynced } from './checkpoint.ts';
import { FileWindow } from './file-window.ts';
import type { Segment } from './segment.ts';
import { segmentFileName } from './segment-name.ts';
import { TimeIndex, type TimeIndexEntry, type TimeIndexStart } from './time-index.ts';

/** In so much of a segment, headers are read one by one: that is less than all between them. */
const fewBytes = 64 * 1024;

/** Visits headers as `scanHeaders` does; what is read at a time begins with `pieceBytes` and grows where batches are small. */
export async function scanFrom(
  segment: Segment,
  range: ScanRange,
  visit: (header: BatchHeader, position: number) => boolean,
): Promise<void> {
  const window = new FileWindow(segment.file, range.to, range.pieceBytes, longScanBytes);
  await scanHeaders(segment, range, visit, window);
}

/** The first batch that holds `offset` or one behind it; undefined when there is none. CORRUPT_MESSAGE. */
export async function batchWith(
  segment: Segment,
  offset: Offset,
): Promise<{ readonly header: BatchHeader; readonly position: number } | undefined> {
  const line = segment.index.floor(offset);
  let found: { readonly header: BatchHeader; readonly position: number } | undefined;
  const range = { from: line?.position ?? 0, to: segment.sizeInBytes, pieceBytes: batchHeaderBytes };
  await scanFrom(segment, range, (header, position) => {
    if (position === line?.position && header.lastOffset !== line.lastOffset)
      throw corruptAt(segment, position, `the index names a batch that ends with ${line.lastOffset}`);
    if (header.lastOffset >= offset) found = { header, position };
    return found === undefined;
  });
  return found;
}

/** The timestamps of a whole segment: of what was there at opening too. The segment is held open. CORRUPT_MESSAGE. */
export async function knownTimes(segment: Segment): Promise<TimeIndex> {
  while (!segment.times.isComplete) {
    const { from } = segment.times;
    segment.completeTimes(from, await timesBefore(segment, from));
  }
  return segment.times;
}

/** Of a segment that is full, or will not be written to any more. */
export async function writeTimeIndex(files: FileSystem, directory: string, segment: Segment): Promise<void> {
  const times = await timesUnlessDamaged(segment);
  if (times === undefined) return;
  const path = join(directory, segmentFileName(segment.baseOffset, 'timeindex'));
  await writeSynced(files, path, times.encode());
  times.noteStored();
}

/**
 * Before a segment is cut at its end for good: the file may name batches that go, and others may come in their place
 * that look the same to it. Durable on return.
 */
export async function removeTimeIndex(
  files: FileSystem,
  directory: string,
  baseOffset: Offset,
): Promise<void> {
  const path = join(directory, segmentFileName(baseOffset, 'timeindex'));
  if (!(await files.exists(path))) return;
  await files.remove(path);
  await files.syncDirectory(directory);
}

/** undefined when a header cannot be read: who reads there is told, and the index only saves time. */
async function timesUnlessDamaged(segment: Segment): Promise<TimeIndex | undefined> {
  segment.acquire();
  try {
    return await knownTimes(segment);
  } catch (error) {
    if (hasCode(error, 'CORRUPT_MESSAGE')) return undefined;
    throw error;
  } finally {
    segment.release();
  }
}

/** From the file as far as it proves true, otherwise from the headers. */
async function timesBefore(segment: Segment, end: TimeIndexStart): Promise<TimeIndex> {
  const stored = await readTimes(segment);
  if (stored !== undefined && (await provesTrue(segment, stored, end))) return stored;
  const times = new TimeIndex(segment.baseOffset);
  await note(segment, times, 0, end.position);
  return times;
}

async function readTimes({ baseOffset, path, nextOffset, timesIn }: Segment): Promise<TimeIndex | undefined> {
  if (timesIn === undefined) return undefined;
  const bytes = await readWhole(timesIn, join(dirname(path), segmentFileName(baseOffset, 'timeindex')));
  return TimeIndex.decode(bytes, baseOffset, nextOffset);
}

/**
 * Whether what a file says fits the batches, as far as a short look shows: the last two entries before `end`, and all
 * batches from the first of them on. The index then knows what these say, also what the file does not.
 */
async function provesTrue(segment: Segment, stored: TimeIndex, end: TimeIndexStart): Promise<boolean> {
  stored.dropFrom(end.offset);
  const last = stored.dropLast();
  const position = await positionOf(segment, stored.last);
  if (position === undefined) return false;
  let isMet = last === undefined;
  await note(segment, stored, position, end.position, ({ lastOffset }) => {
    if (last === undefined || lastOffset < last.offset) return true;
    if (lastOffset === last.offset)
      isMet = stored.largestTimestamp === last.timestamp && stored.largestOffset === last.offset;
    return isMet;
  });
  return isMet;
}

/** Where the batch of an entry begins, the segment's first one without an entry; undefined when there is none like it. */
async function positionOf(segment: Segment, entry: TimeIndexEntry | undefined): Promise<number | undefined> {
  if (entry === undefined) return 0;
  try {
    const found = await batchWith(segment, entry.offset);
    return found !== undefined && isOf(entry, found.header) ? found.position : undefined;
  } catch (error) {
    if (hasCode(error, 'CORRUPT_MESSAGE')) return undefined;
    throw error;
  }
}

/** Whether an entry is of this batch. */
export function isOf(entry: TimeIndexEntry, { lastOffset, maxTimestamp }: BatchHeader): boolean {
  return lastOffset === entry.offset && maxTimestamp === entry.timestamp;
}

async function note(
  segment: Segment,
  times: TimeIndex,
  from: number,
  to: number,
  goesOn: (header: BatchHeader) => boolean = () => true,
): Promise<void> {
  const pieceBytes = to - from > fewBytes ? shortScanBytes : batchHeaderBytes;
  await scanFrom(segment, { from, to, pieceBytes }, (header, position) => {
    times.note(header, segment.index.names(position));
    return goesOn(header);
  });
}
