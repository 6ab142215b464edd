import { join } from 'node:path';
import type { Offset } from '@millrace/record';
import type { World } from '@millrace/runtime';
import { locate } from './batch-location.ts';
import { retire } from './compaction/replacement.ts';
import { deletedPath } from './compaction/swap.ts';
import type { LogConfig } from './config.ts';
import type { LogMark } from './flusher.ts';
import type { LeaderEpochs } from './leader-epochs.ts';
import { removeSnapshotsAfter } from './producer-recovery.ts';
import type { Segment } from './segment.ts';
import { createSegment, openSegmentFile, unknownSegment } from './segment-file.ts';
import type { SegmentList } from './segment-list.ts';
import { segmentFileName } from './segment-name.ts';
import { recoverSegment } from './segment-recovery.ts';
import { removeTimeIndex } from './time-index-file.ts';

/** What cutting the tail needs from the log. Nothing is being appended. */
export interface CutLog {
  readonly path: string;
  readonly config: LogConfig;
  readonly segments: SegmentList;
  readonly epochs: LeaderEpochs;
  readonly gapsBelow: Offset;
  beforeFirstWrite(): Promise<void>;
  /** The marks of what is flushed move back, and with them what the checkpoints say. */
  flushedOnlyTo(end: LogMark): void;
  writeCheckpoints(): Promise<void>;
}

/** Where a log can end at or before an offset: before the batch that holds it. */
export async function endBefore(log: CutLog, offset: Offset): Promise<LogMark> {
  const segment = log.segments.holding(offset);
  if (offset >= segment.nextOffset) return endOf(segment);
  if (offset <= segment.baseOffset) return { offset: segment.baseOffset, segment, position: 0 };
  const batch = await locate(segment, offset, segment.sizeInBytes, log.gapsBelow);
  return { offset: Math.min(offset, batch.baseOffset), segment, position: batch.position };
}

/**
 * Cuts everything behind `end`. What vouches for the tail goes first (snapshots, epochs, recovery point), then the
 * segments behind from the last to the first, then the rest of the one that stays: cut off at any point, the next opening
 * finds a log that ends somewhere between `end` and where it ended before.
 */
export async function cutTail(log: CutLog, end: LogMark, world: World): Promise<void> {
  const { files } = world;
  const { path, segments } = log;
  await log.beforeFirstWrite();
  await removeSnapshotsAfter(path, end.offset, files);
  log.epochs.endAt(end.offset);
  log.flushedOnlyTo(end);
  await log.writeCheckpoints();
  const kept =
    end.offset < segments.startOffset ? await emptyAt(log, segments.startOffset, world) : undefined;
  const behind = segments.all.filter(({ baseOffset }) => baseOffset > end.segment.baseOffset);
  for (const segment of behind.toReversed()) await remove(path, segment, world);
  await removeTimeIndex(files, path, end.segment.baseOffset);
  await removeIndexes(path, end.segment, world);
  if (kept === undefined) await shorten(log, end, world);
  else segments.endWith(kept);
  // An empty log has no use for the batch in which its head ended.
  const headless = segments.startAt(segments.startOffset);
  for (const segment of headless) await remove(path, segment, world);
  for (const segment of [...behind, ...headless]) retire(segment, world);
}

/** The segment of a log that is cut inside the batch in which its head ends: nothing of that batch counts any more. */
async function emptyAt(log: CutLog, startOffset: Offset, world: World): Promise<Segment> {
  const segment = await createSegment(log.path, startOffset, world);
  await world.files.syncDirectory(log.path);
  segment.nameDurable = true;
  return segment;
}

async function remove(directory: string, segment: Segment, world: World): Promise<void> {
  await removeIndexes(directory, segment, world);
  await world.files.rename(segment.path, deletedPath(segment));
  await world.files.syncDirectory(directory);
}

function endOf(segment: Segment): LogMark {
  return { offset: segment.nextOffset, segment, position: segment.sizeInBytes };
}

/**
 * Puts the segment up to `end`, as it is read anew, in the place of what was there. New readers see only that; the file is
 * cut once those have let go who may read behind it.
 */
async function shorten(log: CutLog, { segment, position }: LogMark, world: World): Promise<void> {
  const found = await openSegmentFile(log.path, segment.baseOffset, world);
  const kept = unknownSegment(found);
  const { indexIntervalBytes } = log.config;
  const sound = await recoverSegment(kept, position, indexIntervalBytes, undefined, log.gapsBelow);
  log.segments.endWith(kept);
  await segment.close();
  await found.file.truncate(sound);
  await found.file.sync();
}

async function removeIndexes(directory: string, { baseOffset }: Segment, { files }: World): Promise<void> {
  for (const kind of ['index', 'timeindex'] as const) {
    const path = join(directory, segmentFileName(baseOffset, kind));
    if (await files.exists(path)) await files.remove(path);
  }
}
