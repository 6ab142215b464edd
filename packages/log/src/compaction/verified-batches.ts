import {
  type BatchHeader,
  batchHeaderBytes,
  type Offset,
  readBatchHeader,
  verifyBatch,
} from '@millrace/record';
import { hasCode } from '@millrace/runtime';
import { corruptAt } from '../batch-scan.ts';
import { reasonOf } from '../errors.ts';
import { FileWindow } from '../file-window.ts';
import type { Segment } from '../segment.ts';

const pieceBytes = 1024 * 1024;

/** A sound batch and where it lies. Its bytes stay what they are. */
export interface PlacedBatch {
  readonly bytes: Buffer;
  readonly header: BatchHeader;
  readonly position: number;
}

/**
 * All batches of a segment below `to`, each with its checksum verified and its offsets in order: without a gap from
 * `gapsBelow` on. CORRUPT_MESSAGE with file and position, also for damage that is known. The caller holds the segment.
 */
export async function* verifiedBatches(
  segment: Segment,
  gapsBelow: Offset,
  to: number = segment.sizeInBytes,
): AsyncGenerator<PlacedBatch[], void> {
  const [rot] = segment.rotten;
  if (rot !== undefined) throw corruptAt(segment, rot.position, 'it was found so before');
  const window = new FileWindow(segment.file, to, pieceBytes);
  let expected = segment.baseOffset;
  let position = 0;
  while (position < to) {
    await bring(window, segment, position);
    const batches: PlacedBatch[] = [];
    for (;;) {
      const at = whole(window, position);
      if (at < 0) break;
      const header = verified(segment, window.bytes, at, position);
      const { baseOffset, lastOffset, sizeInBytes } = header;
      const inOrder = expected >= gapsBelow ? baseOffset === expected : baseOffset >= expected;
      if (!inOrder || lastOffset >= segment.nextOffset) {
        throw corruptAt(
          segment,
          position,
          `offsets ${baseOffset} to ${lastOffset} where ${expected} was expected`,
        );
      }
      batches.push({ bytes: window.bytes.subarray(at, at + sizeInBytes), header, position });
      expected = lastOffset + 1;
      position += sizeInBytes;
    }
    yield batches;
  }
  if (to === segment.sizeInBytes && expected !== segment.nextOffset) {
    throw corruptAt(segment, position, `it ends with offset ${expected - 1}, not ${segment.nextOffset - 1}`);
  }
}

/** Brings at least one whole batch into memory. */
async function bring(window: FileWindow, segment: Segment, position: number): Promise<void> {
  const at = await window.load(position, batchHeaderBytes);
  const header = headerIn(segment, window.bytes, at, position);
  const from = await window.load(position, header.sizeInBytes);
  if (window.bytes.length - from < header.sizeInBytes) {
    throw corruptAt(segment, position, `a batch of ${header.sizeInBytes} bytes runs past the end`);
  }
}

/** Where in the window the batch begins; -1 unless all of it is there. */
function whole(window: FileWindow, position: number): number {
  const at = window.find(position, batchHeaderBytes);
  if (at < 0) return -1;
  const size = 12 + window.bytes.readInt32BE(at + 8);
  return window.find(position, Math.max(size, batchHeaderBytes));
}

function verified(segment: Segment, bytes: Buffer, at: number, position: number): BatchHeader {
  try {
    return verifyBatch(bytes, at);
  } catch (error) {
    if (!hasCode(error, 'CORRUPT_MESSAGE')) throw error;
    throw corruptAt(segment, position, reasonOf(error), error);
  }
}

function headerIn(segment: Segment, bytes: Buffer, at: number, position: number): BatchHeader {
  try {
    return readBatchHeader(bytes, at);
  } catch (error) {
    if (!hasCode(error, 'CORRUPT_MESSAGE')) throw error;
    throw corruptAt(segment, position, reasonOf(error), error);
  }
}
