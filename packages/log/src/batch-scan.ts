import { type BatchHeader, batchHeaderBytes, readBatchHeader } from '@millrace/record';
import { logError, reasonOf } from './errors.ts';
import { FileWindow } from './file-window.ts';
import type { Segment } from './segment.ts';

/** Enough for the few batches between two entries of the index. */
export const shortScanBytes = 8 * 1024;
/** For going through a whole segment. */
export const longScanBytes = 512 * 1024;

export interface ScanRange {
  /** Where a batch begins. */
  readonly from: number;
  /** Where one ends: the scan reads nothing behind it. */
  readonly to: number;
  /** How much is read at a time. */
  readonly pieceBytes: number;
}

/**
 * Visits the headers of a segment's batches in order, jumping over what is rotten, until the range ends or `visit`
 * returns false. CORRUPT_MESSAGE with file and position where no batch is although one should be.
 */
export async function scanHeaders(
  segment: Segment,
  range: ScanRange,
  visit: (header: BatchHeader, position: number) => boolean,
  window = new FileWindow(segment.file, range.to, range.pieceBytes),
): Promise<void> {
  let position = range.from;
  while (position < range.to) {
    const rot = segment.rotten.find((damage) => damage.position <= position && position < damage.end);
    if (rot !== undefined) {
      position = rot.end;
      continue;
    }
    let at = window.find(position, batchHeaderBytes);
    if (at < 0) at = await window.load(position, batchHeaderBytes);
    const header = headerAt(segment, window.bytes, at, position, range.to);
    if (!visit(header, position)) return;
    position += header.sizeInBytes;
  }
}

/** The header at one position. CORRUPT_MESSAGE. */
export async function readHeaderAt(segment: Segment, position: number, end: number): Promise<BatchHeader> {
  const bytes = await segment.file.read(position, Math.min(batchHeaderBytes, end - position));
  return headerAt(segment, bytes, 0, position, end);
}

function headerAt(segment: Segment, bytes: Buffer, at: number, position: number, end: number): BatchHeader {
  let header: BatchHeader;
  try {
    header = readBatchHeader(bytes, at);
  } catch (error) {
    throw corruptAt(segment, position, reasonOf(error), error);
  }
  if (position + header.sizeInBytes > end) {
    throw corruptAt(segment, position, `a batch of ${header.sizeInBytes} bytes runs past ${end}`);
  }
  return header;
}

export function corruptAt(segment: Segment, position: number, what: string, cause?: unknown): Error {
  return logError('CORRUPT_MESSAGE', `${segment.path} is damaged at byte ${position}: ${what}`, {
    details: { file: segment.path, position },
    ...(cause === undefined ? {} : { cause }),
  });
}
