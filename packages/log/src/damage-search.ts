import type { Offset } from '@millrace/record';
import type { World } from '@millrace/runtime';
import { Segment } from './segment.ts';
import { recoverSegment } from './segment-recovery.ts';

/** Whether a flushed segment whose batches end before `next`, where the following one begins, may be whole. */
export function endsWell(segment: Segment, next: Offset, gapsBelow: Offset): boolean {
  return segment.nextOffset === next || (segment.nextOffset < next && segment.nextOffset < gapsBelow);
}

/** Notes as damage what a flushed segment should hold up to `next`: from `position` its bytes make no sense, or there are none. */
export function noteMissing(
  segment: Segment,
  position: number,
  fileBytes: number,
  next: Offset,
  gapsBelow: Offset,
): void {
  if (position === fileBytes && endsWell(segment, next, gapsBelow)) return;
  segment.publishRot({ position, firstOffset: segment.nextOffset, end: fileBytes, nextOffset: next });
}

/**
 * Verifies all that a segment holds, after one of its batches turned out to be damaged, and lets the segment know what
 * is: readers are then told where they can go on. Answers whether there is any. What was served once is never cut.
 */
export async function searchDamage(
  segment: Segment,
  gapsBelow: Offset,
  indexIntervalBytes: number,
  world: World,
): Promise<boolean> {
  const { baseOffset, path, file, nextOffset, sizeInBytes } = segment;
  const known = new Set(segment.rotten.map(({ position }) => position));
  const found = new Segment({ baseOffset, path, file });
  const position = await recoverSegment(found, sizeInBytes, indexIntervalBytes, nextOffset, gapsBelow);
  noteMissing(found, position, sizeInBytes, nextOffset, gapsBelow);
  for (const damage of found.rotten) {
    if (known.has(damage.position)) continue;
    world.logger.error({ path, ...damage }, 'a segment is damaged; this range is not served');
  }
  // What was appended meanwhile is in the old index alone.
  for (let at = 0; at < segment.index.count; at++) {
    const entry = segment.index.at(at);
    if (entry !== undefined && entry.position >= sizeInBytes)
      found.index.add(entry.baseOffset, entry.lastOffset, entry.position);
  }
  segment.replaceIndex(found.index);
  segment.noteDamage(found.rotten);
  return found.rotten.length > 0;
}
