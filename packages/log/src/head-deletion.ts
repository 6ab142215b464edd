import { join } from 'node:path';
import type { Offset } from '@millrace/record';
import type { World } from '@millrace/runtime';
import type { Checkpoints } from './checkpoint.ts';
import { retire } from './compaction/replacement.ts';
import { deletedPath } from './compaction/swap.ts';
import { logError, reasonOf } from './errors.ts';
import type { LeaderEpochs } from './leader-epochs.ts';
import type { Segment } from './segment.ts';
import type { SegmentList } from './segment-list.ts';
import { segmentFileName } from './segment-name.ts';

/** What deleting the head needs from the log. */
export interface ShortenedLog {
  readonly path: string;
  readonly segments: SegmentList;
  readonly epochs: LeaderEpochs;
  /** One after the other, all that changes which files there are. */
  exclusively<T>(work: () => Promise<T>): Promise<T>;
}

/**
 * Lets the log begin at `startOffset`. First the checkpoint, then the files, the oldest first: cut off at any point, the
 * next opening finds the checkpoint and finishes. Resolves with the segments that went.
 */
export function deleteHead(
  log: ShortenedLog,
  startOffset: Offset,
  checkpoints: Checkpoints,
  world: World,
): Promise<readonly Segment[]> {
  return log.exclusively(async () => {
    const { segments, epochs, path } = log;
    if (startOffset <= segments.startOffset) return [];
    try {
      await checkpoints.writeStartOffset(startOffset);
    } catch (error) {
      throw logError('LOG_FAILED', `the head of ${path} could not be deleted: ${reasonOf(error)}`, {
        cause: error,
        retriable: true,
      });
    }
    const dropped = segments.startAt(startOffset);
    epochs.startAt(startOffset);
    for (const segment of dropped) await removeFiles(path, segment, world);
    return dropped;
  });
}

/** A file that cannot be removed now is removed at the next opening: the checkpoint says that it does not count. */
async function removeFiles(directory: string, segment: Segment, world: World): Promise<void> {
  const { files, logger } = world;
  try {
    for (const kind of ['index', 'timeindex'] as const) {
      const path = join(directory, segmentFileName(segment.baseOffset, kind));
      if (await files.exists(path)) await files.remove(path);
    }
    await files.rename(segment.path, deletedPath(segment));
  } catch (error) {
    logger.warn({ path: segment.path, error: reasonOf(error) }, 'a deleted segment could not be removed yet');
  }
  retire(segment, world);
}

/** At opening: the base offsets that still count. Files of others are removed: a crash came before that. */
export async function finishHeadDeletion(
  directory: string,
  baseOffsets: readonly Offset[],
  startOffset: Offset,
  world: World,
): Promise<Offset[]> {
  const { files } = world;
  const first = Math.max(
    0,
    baseOffsets.findLastIndex((base) => base <= startOffset),
  );
  const dead = baseOffsets.slice(0, first);
  for (const base of dead) {
    for (const kind of ['index', 'timeindex', 'log'] as const) {
      const path = join(directory, segmentFileName(base, kind));
      if (await files.exists(path)) await files.remove(path);
    }
  }
  if (dead.length > 0) await files.syncDirectory(directory);
  return baseOffsets.slice(first);
}
