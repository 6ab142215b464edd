import { type Offset, prepareChecksums } from '@millrace/record';
import type { World } from '@millrace/runtime';
import type { CleanShutdown } from './checkpoint.ts';
import type { LogConfig } from './config.ts';
import { endsWell, noteMissing } from './damage-search.ts';
import type { Segment } from './segment.ts';
import { openSegmentFile, type SegmentFile, segmentByIndex, unknownSegment } from './segment-file.ts';
import { beginsSoundly, recoverSegment } from './segment-recovery.ts';
import { removeTimeIndex } from './time-index-file.ts';

/** How many files are opened side by side. */
const openAtOnce = 16;
/** From so much to verify on, the faster checksum is worth the 40 ms that loading it takes. */
const muchBytes = 64 * 1024 * 1024;

export interface SegmentsToLoad {
  readonly directory: string;
  readonly config: LogConfig;
  readonly world: World;
  /** Ascending, at least one. */
  readonly baseOffsets: readonly Offset[];
  /** What lies below was flushed. */
  readonly recoveryPoint: Offset;
  /** Compaction may have left gaps between batches that begin below. */
  readonly gapsBelow: Offset;
  /** Present when the log was closed in this boot of the machine and not written to since. */
  readonly cleanShutdown: CleanShutdown | undefined;
}

export interface LoadedSegments {
  readonly segments: readonly Segment[];
  /** Whether the clean shutdown was believed: nothing was verified. */
  readonly clean: boolean;
  /** Files of segments behind a torn one: closed, to be removed before anything is appended. */
  readonly dead: readonly SegmentFile[];
}

/**
 * Opens a log's segments. After a clean shutdown they are taken as they are; otherwise everything from the recovery
 * point on is verified, a torn tail is cut, and what lies behind it is dead. What was verified or cut is synced.
 */
export async function loadSegments(load: SegmentsToLoad): Promise<LoadedSegments> {
  const found = await openAll(load);
  try {
    const segments: Segment[] = [];
    for (const [at, file] of found.slice(0, -1).entries()) {
      const next = found[at + 1] as SegmentFile;
      if (load.cleanShutdown === undefined && next.baseOffset > load.recoveryPoint) break;
      segments.push(await takeSealed(load, file, next.baseOffset));
    }
    const active = await takeActive(load, found.slice(segments.length));
    if (active !== undefined) return { segments: [...segments, active], clean: true, dead: [] };
    return await recover(load, segments, found.slice(segments.length));
  } catch (error) {
    await Promise.allSettled(found.map(({ file }) => file.close()));
    throw error;
  }
}

async function openAll({ baseOffsets, directory, world }: SegmentsToLoad): Promise<SegmentFile[]> {
  const found: SegmentFile[] = [];
  for (let at = 0; at < baseOffsets.length; at += openAtOnce) {
    const some = await Promise.allSettled(
      baseOffsets.slice(at, at + openAtOnce).map((base) => openSegmentFile(directory, base, world)),
    );
    for (const one of some) if (one.status === 'fulfilled') found.push(one.value);
    const failed = some.find((one) => one.status === 'rejected');
    if (failed?.status === 'rejected') {
      await Promise.allSettled(found.map(({ file }) => file.close()));
      throw failed.reason;
    }
  }
  return found;
}

/** A segment that was flushed and will not grow. It is never cut: what cannot be read in it is damage. */
async function takeSealed(load: SegmentsToLoad, found: SegmentFile, next: Offset): Promise<Segment> {
  const { config, world } = load;
  const segment = await segmentByIndex(found, config.indexIntervalBytes);
  if (segment !== undefined && endsWell(segment, next, load.gapsBelow)) return segment;
  const scanned = unknownSegment(found);
  const position = await recoverSegment(
    scanned,
    found.fileBytes,
    config.indexIntervalBytes,
    next,
    load.gapsBelow,
  );
  noteMissing(scanned, position, found.fileBytes, next, load.gapsBelow);
  for (const damage of scanned.rotten) {
    world.logger.error(
      { path: found.path, ...damage },
      'a flushed segment is damaged; this range is not served',
    );
  }
  return scanned;
}

/** The last segment, when a clean shutdown vouches for it and it agrees. */
async function takeActive(load: SegmentsToLoad, found: readonly SegmentFile[]): Promise<Segment | undefined> {
  const { cleanShutdown, config } = load;
  const [last] = found;
  if (cleanShutdown === undefined || last === undefined || found.length > 1) return undefined;
  if (last.fileBytes !== cleanShutdown.activeBytes) return undefined;
  const segment = await segmentByIndex(last, config.indexIntervalBytes);
  return segment?.nextOffset === cleanShutdown.endOffset ? segment : undefined;
}

/** Verifies what lies behind the recovery point, segment by segment, up to the first that had to be cut. */
async function recover(
  load: SegmentsToLoad,
  settled: Segment[],
  found: readonly SegmentFile[],
): Promise<LoadedSegments> {
  const segments = settled;
  const bytes = found.reduce((sum, { fileBytes }) => sum + fileBytes, 0);
  if (bytes >= muchBytes) await prepareChecksums();
  for (const [at, file] of found.entries()) {
    const next = found[at + 1];
    const segment = await recoverOne(load, file, next);
    segments.push(segment);
    if (next !== undefined && segment.nextOffset !== next.baseOffset) {
      const dead = found.slice(at + 1);
      await buryAll(load, segment, dead);
      return { segments, clean: false, dead };
    }
  }
  return { segments, clean: false, dead: [] };
}

async function recoverOne(
  load: SegmentsToLoad,
  found: SegmentFile,
  next: SegmentFile | undefined,
): Promise<Segment> {
  const { config, world, recoveryPoint, gapsBelow } = load;
  const { indexIntervalBytes } = config;
  const trusted =
    recoveryPoint > found.baseOffset
      ? await segmentByIndex(found, indexIntervalBytes, recoveryPoint)
      : undefined;
  const segment = trusted ?? unknownSegment(found);
  const sound = next !== undefined && (await beginsSoundly(next, gapsBelow));
  const end = await recoverSegment(
    segment,
    found.fileBytes,
    indexIntervalBytes,
    sound ? next.baseOffset : undefined,
    gapsBelow,
  );
  for (const damage of segment.rotten) {
    world.logger.error({ path: found.path, ...damage }, 'the log is damaged; this range is not served');
  }
  if (end < found.fileBytes) {
    world.logger.warn(
      { path: found.path, position: end, bytes: found.fileBytes - end, endOffset: segment.nextOffset },
      `a torn tail of ${found.fileBytes - end} bytes was cut`,
    );
    await removeTimeIndex(world.files, load.directory, found.baseOffset);
    await found.file.truncate(end);
  }
  if (found.fileBytes > 0) await found.file.sync();
  return segment;
}

async function buryAll(load: SegmentsToLoad, last: Segment, dead: readonly SegmentFile[]): Promise<void> {
  for (const { path, file, fileBytes } of dead) {
    load.world.logger.warn(
      { path, bytes: fileBytes, endOffset: last.nextOffset },
      `a segment of ${fileBytes} bytes behind the end of the log is removed`,
    );
    await file.close();
  }
}
