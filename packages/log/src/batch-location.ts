import type { BatchHeader, Offset } from '@millrace/record';
import { hasCode } from '@millrace/runtime';
import { orderIn } from './batch-order.ts';
import { readHeaderAt, scanHeaders, shortScanBytes } from './batch-scan.ts';
import { logError } from './errors.ts';
import { FileWindow } from './file-window.ts';
import type { BatchPlace } from './recent-batches.ts';
import type { Segment } from './segment.ts';

/** A batch, and what was read of it while it was sought. */
export interface LocatedBatch extends BatchPlace {
  readonly read?: {
    readonly lastOffset: Offset;
    readonly sizeInBytes: number;
    /** The whole batch, when it was in memory already. */
    readonly bytes: Buffer | undefined;
  };
}

/** The batch that holds `offset`, or the first one behind it; the end of the segment when there is none. CORRUPT_MESSAGE. */
export async function locate(
  segment: Segment,
  offset: Offset,
  size: number,
  gapsBelow: Offset,
): Promise<LocatedBatch> {
  const entry = segment.index.floor(offset);
  if (entry?.baseOffset !== undefined && entry.baseOffset <= offset && offset <= entry.lastOffset) {
    return { baseOffset: entry.baseOffset, position: entry.position };
  }
  const from = entry?.position ?? 0;
  const window = new FileWindow(segment.file, size, shortScanBytes);
  const check = orderIn(segment, from, gapsBelow);
  let found: LocatedBatch | undefined;
  await scanHeaders(
    segment,
    { from, to: size, pieceBytes: shortScanBytes },
    (header, position) => {
      check(header, position);
      if (position === from && entry !== undefined) checkEntry(segment, entry.lastOffset, header, position);
      if (header.lastOffset >= offset) found = located(header, position, window);
      return found === undefined;
    },
    window,
  );
  return found ?? { baseOffset: segment.nextOffset, position: size };
}

export async function headerOrUndefined(
  segment: Segment,
  position: number,
  end: number,
): Promise<BatchHeader | undefined> {
  try {
    return await readHeaderAt(segment, position, end);
  } catch (error) {
    if (hasCode(error, 'CORRUPT_MESSAGE')) return undefined;
    throw error;
  }
}

function located(
  { baseOffset, lastOffset, sizeInBytes }: BatchHeader,
  position: number,
  window: FileWindow,
): LocatedBatch {
  const at = window.find(position, sizeInBytes);
  const bytes = at < 0 ? undefined : window.bytes.subarray(at, at + sizeInBytes);
  return { baseOffset, position, read: { lastOffset, sizeInBytes, bytes } };
}

function checkEntry(segment: Segment, lastOffset: Offset, header: BatchHeader, position: number): void {
  if (header.lastOffset === lastOffset) return;
  throw logError(
    'CORRUPT_MESSAGE',
    `the index of ${segment.path} names ${lastOffset} at ${position}, where the batch ends with ${header.lastOffset}`,
    { details: { file: segment.path, position } },
  );
}
