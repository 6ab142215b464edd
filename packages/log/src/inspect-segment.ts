import { join } from 'node:path';
import { type BatchHeader, batchHeaderBytes, type Offset, readBatchHeader } from '@millrace/record';
import { hasCode, type OpenFile, type World } from '@millrace/runtime';
import { nodeWorld } from '@millrace/runtime/node';
import { corruptAt, longScanBytes, scanHeaders, shortScanBytes } from './batch-scan.ts';
import { defaultLogOptions } from './config.ts';
import { endsWell, noteMissing } from './damage-search.ts';
import { FileWindow } from './file-window.ts';
import { readIndex } from './index-file.ts';
import type { InspectOptions } from './inspect.ts';
import { type RottenRange, Segment } from './segment.ts';
import { segmentFileName } from './segment-name.ts';
import { beginsSoundly, recoverSegment } from './segment-recovery.ts';

export interface InspectedSegment {
  readonly baseOffset: Offset;
  /** Behind the last sound batch. */
  readonly nextOffset: Offset;
  readonly path: string;
  readonly sizeInBytes: number;
  /** Where the sound batches end. */
  readonly soundBytes: number;
  readonly batches: number;
  readonly records: number;
  /** ms since the epoch, of records; undefined without any. */
  readonly timestamps: { readonly smallest: number; readonly largest: number } | undefined;
  /** Of the file beside it. */
  readonly index: number | 'missing' | 'wrong';
  /** Ranges that are damaged beyond what a crash explains, and not served. */
  readonly damage: readonly RottenRange[];
  /** What the next opening would cut: an append that a crash broke off, or one that is just being written. */
  readonly torn: { readonly position: number; readonly bytes: number } | undefined;
}

export interface SegmentPlace {
  readonly directory: string;
  readonly baseOffset: Offset;
  /** Where the next segment begins. */
  readonly next: Offset | undefined;
  readonly recoveryPoint: Offset;
  /** Compaction may have left gaps between batches that begin below. */
  readonly gapsBelow: Offset;
}

/** A batch, and where in its file it begins. */
export interface InspectedBatch extends BatchHeader {
  readonly position: number;
}

interface Tally {
  batches: number;
  records: number;
  smallest: number;
  largest: number;
}

export async function inspectSegment(
  place: SegmentPlace,
  options: InspectOptions,
  world: World,
): Promise<InspectedSegment> {
  const { directory, baseOffset } = place;
  const path = join(directory, segmentFileName(baseOffset, 'log'));
  const file = watched(await world.files.open(path, 'read'), options);
  try {
    const sizeInBytes = await file.size();
    const headers =
      options.checksums === true ? undefined : await byHeaders(place, path, file, sizeInBytes, options);
    const segment = headers ?? (await byChecksums(place, path, file, sizeInBytes, world));
    const { batches, records, smallest, largest } = await tallied(segment);
    const left = sizeInBytes - segment.sizeInBytes;
    const isLeftAlone = left > 0 && segment.nextOffset >= (options.upTo ?? Number.POSITIVE_INFINITY);
    return {
      baseOffset,
      nextOffset: segment.nextOffset,
      path,
      sizeInBytes,
      soundBytes: segment.sizeInBytes,
      batches,
      records,
      timestamps: records === 0 ? undefined : { smallest, largest },
      index: await indexState(place, sizeInBytes, world),
      damage: segment.rotten,
      torn: left === 0 || isLeftAlone ? undefined : { position: segment.sizeInBytes, bytes: left },
    };
  } finally {
    await file.close();
  }
}

/** The sound batches of a segment that was inspected, in order. */
export async function* batchesOfSegment(
  { path, soundBytes, damage }: InspectedSegment,
  world: World = nodeWorld,
): AsyncIterable<InspectedBatch> {
  const file = await world.files.open(path, 'read');
  try {
    const window = new FileWindow(file, soundBytes, longScanBytes);
    for (let position = 0; position < soundBytes; ) {
      const rot = damage.find((range) => range.position <= position && position < range.end);
      if (rot !== undefined) {
        position = rot.end;
        continue;
      }
      const at = await window.load(position, batchHeaderBytes);
      const header = readBatchHeader(window.bytes, at);
      yield { ...header, position };
      position += header.sizeInBytes;
    }
  } finally {
    await file.close();
  }
}

/** What the headers say; undefined when they make no sense. */
async function byHeaders(
  { baseOffset, next, gapsBelow }: SegmentPlace,
  path: string,
  file: OpenFile,
  size: number,
  { upTo = Number.POSITIVE_INFINITY }: InspectOptions,
): Promise<Segment | undefined> {
  const segment = new Segment({ baseOffset, path, file });
  try {
    await scanHeaders(segment, { from: 0, to: size, pieceBytes: shortScanBytes }, (header, position) => {
      if (header.baseOffset < segment.nextOffset || header.lastOffset >= (next ?? Number.POSITIVE_INFINITY))
        throw corruptAt(segment, position, `offset ${header.baseOffset} cannot be here`);
      if (header.lastOffset >= upTo) return false;
      segment.publish({ ...header, position }, defaultLogOptions.indexIntervalBytes);
      return true;
    });
  } catch (error) {
    if (hasCode(error, 'CORRUPT_MESSAGE')) return undefined;
    throw error;
  }
  const isWhole = next === undefined || segment.nextOffset >= upTo || endsWell(segment, next, gapsBelow);
  return isWhole ? segment : undefined;
}

/** What recovery would find. What was flushed once is never torn. */
async function byChecksums(
  place: SegmentPlace,
  path: string,
  file: OpenFile,
  size: number,
  world: World,
): Promise<Segment> {
  const { baseOffset, next, recoveryPoint, gapsBelow } = place;
  const segment = new Segment({ baseOffset, path, file });
  const isFlushed = next !== undefined && next <= recoveryPoint;
  const successor =
    next !== undefined && (isFlushed || (await beginsWell({ ...place, baseOffset: next }, world)))
      ? next
      : undefined;
  const position = await recoverSegment(
    segment,
    size,
    defaultLogOptions.indexIntervalBytes,
    successor,
    gapsBelow,
  );
  if (isFlushed) noteMissing(segment, position, size, next, gapsBelow);
  return segment;
}

async function beginsWell(
  { directory, baseOffset, gapsBelow }: SegmentPlace,
  world: World,
): Promise<boolean> {
  const path = join(directory, segmentFileName(baseOffset, 'log'));
  const file = await world.files.open(path, 'read');
  try {
    return await beginsSoundly(
      { baseOffset, path, file, fileBytes: await file.size(), files: world.files, index: undefined },
      gapsBelow,
    );
  } finally {
    await file.close();
  }
}

async function tallied(segment: Segment): Promise<Tally> {
  const tally = { batches: 0, records: 0, smallest: Number.POSITIVE_INFINITY, largest: -1 };
  const range = { from: 0, to: segment.sizeInBytes, pieceBytes: longScanBytes };
  await scanHeaders(segment, range, (header) => {
    count(header, tally);
    return true;
  });
  return tally;
}

function count({ recordCount, baseTimestamp, maxTimestamp }: BatchHeader, tally: Tally): void {
  tally.batches++;
  tally.records += recordCount;
  if (recordCount === 0) return;
  // Compaction writes the time from when on tombstones may go, which is later, in the place of the first timestamp.
  tally.smallest = Math.min(tally.smallest, baseTimestamp, maxTimestamp);
  tally.largest = Math.max(tally.largest, maxTimestamp);
}

async function indexState(
  { directory, baseOffset }: SegmentPlace,
  segmentBytes: number,
  { files }: World,
): Promise<number | 'missing' | 'wrong'> {
  if (!(await files.exists(join(directory, segmentFileName(baseOffset, 'index'))))) return 'missing';
  return (await readIndex(files, directory, baseOffset, segmentBytes))?.count ?? 'wrong';
}

/** The file, with somebody told of what is read. */
function watched(file: OpenFile, { onRead, signal }: InspectOptions): OpenFile {
  return {
    descriptor: file.descriptor,
    size: () => file.size(),
    read: async (position, length) => {
      signal?.throwIfAborted();
      const bytes = await file.read(position, length);
      onRead?.(bytes.length);
      return bytes;
    },
    append: (chunks) => file.append(chunks),
    truncate: (size) => file.truncate(size),
    sync: () => file.sync(),
    close: () => file.close(),
  };
}
