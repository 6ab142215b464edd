import { join } from 'node:path';
import type { FileSystem } from '@millrace/runtime';
import { longScanBytes, scanHeaders } from './batch-scan.ts';
import { readWhole, writeSynced } from './checkpoint.ts';
import { IndexPacer, OffsetIndex } from './offset-index.ts';
import type { Segment } from './segment.ts';
import { segmentFileName } from './segment-name.ts';
import { writeTimeIndex } from './time-index-file.ts';

/** The index as it lies beside the segment; undefined when it is missing or cannot be one of this segment. */
export async function readIndex(
  files: FileSystem,
  directory: string,
  baseOffset: number,
  segmentBytes: number,
): Promise<OffsetIndex | undefined> {
  const path = join(directory, segmentFileName(baseOffset, 'index'));
  return OffsetIndex.decode(await readWhole(files, path), baseOffset, segmentBytes);
}

/** Writes the segment's offset index and its time index. */
export async function writeIndex(files: FileSystem, directory: string, segment: Segment): Promise<void> {
  await writeSynced(
    files,
    join(directory, segmentFileName(segment.baseOffset, 'index')),
    segment.index.encode(),
  );
  segment.noteIndexStored();
  await writeTimeIndex(files, directory, segment);
}

/** Builds the segment's index anew from its batches. Batches that are published meanwhile are in it, too. */
export async function rebuildIndex(segment: Segment, intervalBytes: number): Promise<void> {
  const index = new OffsetIndex(segment.baseOffset);
  const pacer = new IndexPacer();
  let from = 0;
  while (from < segment.sizeInBytes) {
    const to = segment.sizeInBytes;
    await scanHeaders(segment, { from, to, pieceBytes: longScanBytes }, (header, position) => {
      if (pacer.isDue(header.sizeInBytes, intervalBytes))
        index.add(header.baseOffset, header.lastOffset, position);
      return true;
    });
    from = to;
  }
  segment.replaceIndex(index);
}
