import type { World } from '@millrace/runtime';
import { reasonOf } from '../errors.ts';
import { writeIndex } from '../index-file.ts';
import type { Segment } from '../segment.ts';
import type { SegmentList } from '../segment-list.ts';
import { commitSwap, completeSwap, deletedPath, swapFailed } from './swap.ts';

/** A new segment whose bytes are on disk, under a temporary name. */
export interface CleanedSegment {
  readonly segment: Segment;
  readonly path: string;
}

/** What a replacement needs from the log in which it happens. */
export interface ReplacingLog {
  readonly path: string;
  readonly segments: SegmentList;
  /** Files and memory may not agree: nothing is written until the log is opened again. */
  fail(error: Error): void;
}

/**
 * Puts a new segment in the place of those that it was made from, on disk and then for readers; who reads an old one
 * goes on doing so. On an error the old ones stay; when that is not certain on disk, the log has been failed.
 */
export async function replaceSegments(
  log: ReplacingLog,
  sources: readonly Segment[],
  cleaned: CleanedSegment,
  world: World,
): Promise<void> {
  const { files } = world;
  const { segment } = cleaned;
  const swapPath = await commitSwap(log.path, cleaned, files, (error) => log.fail(error));
  try {
    await completeSwap(log.path, sources, swapPath, segment, files);
  } catch (error) {
    const failure = swapFailed(log.path, error);
    log.fail(failure);
    throw failure;
  }
  log.segments.replace(sources, segment);
  await orWarn(segment.path, 'the index of a compacted segment could not be written', world, () =>
    writeIndex(files, log.path, segment),
  );
  for (const source of sources) retire(source, world);
}

/** Closes and removes what will not be used. */
export async function discardCleaned(cleaned: CleanedSegment, world: World): Promise<void> {
  await orWarn(cleaned.path, 'what compaction wrote in vain could not be removed', world, async () => {
    await cleaned.segment.close();
    if (await world.files.exists(cleaned.path)) await world.files.remove(cleaned.path);
  });
}

/** The file goes once its last reader has let go; at the latest when the log is opened again. */
export function retire(source: Segment, world: World): void {
  void orWarn(source.path, 'a segment that was replaced could not be removed', world, async () => {
    await source.close();
    const path = deletedPath(source);
    if (await world.files.exists(path)) await world.files.remove(path);
  });
}

async function orWarn(path: string, message: string, world: World, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    world.logger.warn({ path, error: reasonOf(error) }, message);
  }
}
