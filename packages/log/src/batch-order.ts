import type { BatchHeader, Offset } from '@millrace/record';
import { corruptAt } from './batch-scan.ts';
import type { Segment } from './segment.ts';

/** Whether a batch may come where `expected` would be next. Below `gapsBelow` compaction may have left gaps. */
export function isInOrder(baseOffset: Offset, expected: Offset, gapsBelow: Offset): boolean {
  return expected >= gapsBelow ? baseOffset === expected : baseOffset >= expected;
}

/**
 * For a scan of a segment from a position on: a check, to be called for each batch, whether its offsets follow from the
 * one before. No checksum covers a base offset, so that order is all that tells a wrong one. CORRUPT_MESSAGE.
 */
export function orderIn(
  segment: Segment,
  from: number,
  gapsBelow: Offset,
): (header: BatchHeader, position: number) => void {
  let expected = from === 0 ? segment.baseOffset : undefined;
  return ({ baseOffset, lastOffset }, position) => {
    expected = segment.rotten.find((damage) => damage.end === position)?.nextOffset ?? expected;
    const follows = expected === undefined || isInOrder(baseOffset, expected, gapsBelow);
    if (!follows || lastOffset >= segment.nextOffset)
      throw corruptAt(segment, position, `offsets ${baseOffset} to ${lastOffset} cannot be here`);
    expected = lastOffset + 1;
  };
}
