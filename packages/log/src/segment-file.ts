import { join } from 'node:path';
import type { Offset } from '@millrace/record';
import { type FileSystem, hasCode, type OpenFile, type World } from '@millrace/runtime';
import { corruptAt, scanHeaders, shortScanBytes } from './batch-scan.ts';
import { readIndex } from './index-file.ts';
import type { IndexEntry, OffsetIndex } from './offset-index.ts';
import { Segment } from './segment.ts';
import { segmentFileName } from './segment-name.ts';

/** A segment's files as they were found, before it is decided what to believe. */
export interface SegmentFile {
  readonly baseOffset: Offset;
  readonly path: string;
  readonly file: OpenFile;
  readonly fileBytes: number;
  readonly files: FileSystem;
  /** undefined when missing or impossible. */
  readonly index: OffsetIndex | undefined;
}

export async function openSegmentFile(
  directory: string,
  baseOffset: Offset,
  world: World,
): Promise<SegmentFile> {
  const path = join(directory, segmentFileName(baseOffset, 'log'));
  const file = await world.files.open(path, 'append');
  try {
    const fileBytes = await file.size();
    const index = await readIndex(world.files, directory, baseOffset, fileBytes);
    return { baseOffset, path, file, fileBytes, files: world.files, index };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Creates the file of a new segment; its name is not yet durable. */
export async function createSegment(directory: string, baseOffset: Offset, world: World): Promise<Segment> {
  const path = join(directory, segmentFileName(baseOffset, 'log'));
  const segment = new Segment({ baseOffset, path, file: await world.files.open(path, 'create') });
  segment.nameDurable = false;
  return segment;
}

/** Nothing of the file is believed yet. */
export function unknownSegment({ baseOffset, path, file }: SegmentFile): Segment {
  return new Segment({ baseOffset, path, file });
}

/**
 * The segment up to `until` (or the end of its file), by its index and the headers behind the index's last line.
 * undefined when index, headers and `until` do not fit together.
 */
export async function segmentByIndex(
  found: SegmentFile,
  indexIntervalBytes: number,
  until?: Offset,
): Promise<Segment | undefined> {
  const { index, fileBytes } = found;
  const entry = until === undefined ? index?.last : index?.floor(until - 1);
  const segment =
    index !== undefined && entry !== undefined ? startAt(found, index, entry) : unknownSegment(found);
  const range = { from: segment.sizeInBytes, to: fileBytes, pieceBytes: shortScanBytes };
  try {
    await scanHeaders(segment, range, (header, position) => {
      if (position === entry?.position && header.lastOffset !== entry.lastOffset) {
        throw corruptAt(segment, position, `the index names a batch that ends with ${entry.lastOffset}`);
      }
      const { baseOffset, lastOffset, sizeInBytes, maxTimestamp } = header;
      segment.publish({ baseOffset, lastOffset, position, sizeInBytes, maxTimestamp }, indexIntervalBytes);
      return until === undefined || segment.nextOffset < until;
    });
  } catch (error) {
    if (hasCode(error, 'CORRUPT_MESSAGE')) return undefined;
    throw error;
  }
  if (until !== undefined && segment.nextOffset !== until) return undefined;
  // The files are written together: what the lines of one do not tell, the entries of the other do not.
  if (entry !== undefined) segment.times.noteStored();
  return segment;
}

/** The index up to this line; the batch it names is still to be read. */
function startAt(
  { baseOffset, path, file, files }: SegmentFile,
  index: OffsetIndex,
  entry: IndexEntry,
): Segment {
  const entries = index.count;
  index.truncate(entry.position + 1);
  const segment = new Segment({
    baseOffset,
    path,
    file,
    index,
    indexTrusted: false,
    sizeInBytes: entry.position,
    nextOffset: entry.lastOffset,
    files,
  });
  if (index.count === entries) segment.noteIndexStored();
  return segment;
}
