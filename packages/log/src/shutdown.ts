import type { Offset } from '@millrace/record';
import type { World } from '@millrace/runtime';
import type { Checkpoints } from './checkpoint.ts';
import { writeIndex } from './index-file.ts';
import { writeSnapshot } from './producer-recovery.ts';
import { encodeProducerSnapshot } from './producer-snapshot.ts';
import type { ProducerState } from './producer-state.ts';
import type { Segment } from './segment.ts';
import type { SegmentList } from './segment-list.ts';

/** A log that has flushed everything and will not be written to any more. */
export interface FinishedLog {
  readonly path: string;
  readonly segments: SegmentList;
  readonly producers: ProducerState;
  /** Where damage begins that each opening has to find again, if there is any. */
  readonly firstRot: Offset | undefined;
}

/**
 * Writes what makes the next opening fast, and last the word that it may rely on it. With damage in the log that word
 * is not given: the next opening verifies from there.
 */
export async function writeShutdown(
  log: FinishedLog,
  checkpoints: Checkpoints,
  writeCheckpoints: () => Promise<void>,
  { files, host }: World,
): Promise<void> {
  const { path, segments, producers, firstRot } = log;
  const { active } = segments;
  for (const segment of segments.all) if (!segment.indexStored) await writeIndex(files, path, segment);
  await writeSnapshot(path, active.nextOffset, encodeProducerSnapshot(producers), files);
  await writeCheckpoints();
  if (firstRot !== undefined) return;
  const { bootId } = host;
  await checkpoints.writeCleanShutdown({
    bootId,
    endOffset: active.nextOffset,
    activeBytes: active.sizeInBytes,
  });
}

/** The first damage at or behind an offset: below it, it was found by chance and is left as it is. */
export function firstRotFrom(segments: readonly Segment[], from: Offset): Offset | undefined {
  for (const segment of segments) {
    for (const damage of segment.rotten) if (damage.firstOffset >= from) return damage.firstOffset;
  }
  return undefined;
}
