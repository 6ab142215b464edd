import { dirname, join } from 'node:path';
import type { Offset } from '@millrace/record';
import { codeOf, type FileSystem, hasCode, type World } from '@millrace/runtime';
import { nodeWorld } from '@millrace/runtime/node';
import { readHeaderAt } from './batch-scan.ts';
import { Checkpoints } from './checkpoint.ts';
import { readCleanerCheckpoint } from './compaction/cleaner-checkpoint.ts';
import { recoverSwaps } from './compaction/swap.ts';
import { defaultLogOptions, type LogConfig, resolveLogOptions } from './config.ts';
import { logError } from './errors.ts';
import { finishHeadDeletion } from './head-deletion.ts';
import { LeaderEpochs } from './leader-epochs.ts';
import { loadSegments } from './load-segments.ts';
import type { Log, LogOptions } from './log.ts';
import { recoverProducers, removeSnapshotsAfter } from './producer-recovery.ts';
import type { Segment } from './segment.ts';
import { createSegment } from './segment-file.ts';
import { SegmentList } from './segment-list.ts';
import { parseSegmentFileName, type SegmentFileKind, segmentFileName } from './segment-name.ts';
import { SegmentedLog } from './segmented-log.ts';
import { SharedWork } from './shared-work.ts';

/** The lock against other processes, in the directory of a log or of many. */
export const lockFile = '.lock';

/**
 * Opens the log in a directory of its own, or begins one there. It is this process's alone until it is closed.
 * LOCKED when another process has it, FOREIGN_LOG, LOG_CORRUPT.
 */
export async function openLog(
  directory: string,
  options: LogOptions = {},
  world: World = nodeWorld,
): Promise<Log> {
  const config = resolveLogOptions(options, defaultLogOptions);
  await ensureDurableDirectory(directory, world.files);
  const lock = await world.files.lock(join(directory, lockFile));
  try {
    return await openLogIn(directory, config, options.identity, new SharedWork(), world, () =>
      lock.release(),
    );
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** Opens the log in a directory that exists and is locked by the caller; `released` is called when it has closed. */
export async function openLogIn(
  directory: string,
  config: LogConfig,
  identity: string | undefined,
  shared: SharedWork,
  world: World,
  released: () => Promise<void>,
): Promise<SegmentedLog> {
  const { files } = world;
  const checkpoints = new Checkpoints(directory, files);
  await recoverSwaps(directory, files);
  const cleaner = await readCleanerCheckpoint(directory, files);
  const found = await baseOffsetsOf(directory, 'log', files);
  await checkIdentity(directory, identity, found.length === 0, checkpoints);
  if (found.length === 0) {
    found.push(0);
    await (await createSegment(directory, 0, world)).close();
    await files.syncDirectory(directory);
  }
  const startOffset = (await checkpoints.readStartOffset()) ?? 0;
  const baseOffsets = await finishHeadDeletion(directory, found, startOffset, world);
  const shutdown = await checkpoints.readCleanShutdown();
  const recoveryPoint = await checkpoints.readRecoveryPoint();
  const { segments, clean, dead } = await loadSegments({
    directory,
    config,
    world,
    baseOffsets,
    recoveryPoint: recoveryPoint ?? 0,
    gapsBelow: cleaner.gapsBelow,
    cleanShutdown: shutdown?.bootId === world.host.bootId ? shutdown : undefined,
  });
  try {
    const endOffset = segments.at(-1)?.nextOffset ?? 0;
    if (startOffset > endOffset) await beginAtTheEnd(directory, startOffset, endOffset, checkpoints, world);
    const list = new SegmentList(segments, Math.min(startOffset, endOffset));
    if (!clean) {
      warnWhenBehind(directory, recoveryPoint, endOffset, world);
      for (const { path } of dead.toReversed()) await files.remove(path);
      await removeOrphanIndexes(directory, segments, files);
      await removeSnapshotsAfter(directory, endOffset, files);
      await files.syncDirectory(directory);
    }
    const epochsOnDisk = await checkpoints.readLeaderEpochs();
    const epochs = new LeaderEpochs(epochsOnDisk);
    epochs.truncate(endOffset);
    epochs.startAt(list.startOffset);
    const producers = await recoverProducers(directory, segments, epochs, epochsOnDisk === undefined, world);
    return new SegmentedLog(
      {
        directory,
        config,
        segments: list,
        producers,
        epochs,
        checkpoints,
        cleaner,
        clean,
        recoveryPoint,
        epochsOnDisk,
        firstTimestamp: await firstTimestampOf(list.active),
        released,
      },
      shared,
      world,
    );
  } catch (error) {
    await Promise.allSettled(segments.map((segment) => segment.close()));
    throw error;
  }
}

/** The disk has lost what was flushed: what is written from now on must not lie below the start. */
async function beginAtTheEnd(
  directory: string,
  startOffset: Offset,
  endOffset: Offset,
  checkpoints: Checkpoints,
  world: World,
): Promise<void> {
  world.logger.error(
    { path: directory, startOffset, endOffset },
    'the log ends before the offset at which it begins',
  );
  await checkpoints.writeStartOffset(endOffset);
}

/** Of the first batch; undefined when there is none, or it cannot be read. */
async function firstTimestampOf(segment: Segment): Promise<number | undefined> {
  if (segment.sizeInBytes === 0) return undefined;
  try {
    return (await readHeaderAt(segment, 0, segment.sizeInBytes)).maxTimestamp;
  } catch (error) {
    if (hasCode(error, 'CORRUPT_MESSAGE')) return undefined;
    throw error;
  }
}

/** Makes the directory and its missing parents, names and all. */
export async function ensureDurableDirectory(directory: string, files: FileSystem): Promise<void> {
  const missing: string[] = [];
  for (let path = directory; !(await files.exists(path)); path = dirname(path)) {
    missing.push(path);
    if (dirname(path) === path) break;
  }
  if (missing.length === 0) return;
  await files.ensureDirectory(directory);
  for (const path of missing.toReversed()) await files.syncDirectory(dirname(path));
}

/** Ascending. */
async function baseOffsetsOf(directory: string, kind: SegmentFileKind, files: FileSystem): Promise<Offset[]> {
  return (await files.list(directory))
    .map(parseSegmentFileName)
    .flatMap((parsed) => (parsed?.kind === kind ? [parsed.baseOffset] : []));
}

/** An index whose segment is gone would be found by a later segment of the same name. */
async function removeOrphanIndexes(
  directory: string,
  segments: readonly Segment[],
  files: FileSystem,
): Promise<void> {
  const kept = new Set(segments.map((segment) => segment.baseOffset));
  for (const kind of ['index', 'timeindex'] as const) {
    for (const base of await baseOffsetsOf(directory, kind, files))
      if (!kept.has(base)) await files.remove(join(directory, segmentFileName(base, kind)));
  }
}

/** Whether the directory is of this identity; a new one becomes so. FOREIGN_LOG, LOG_CORRUPT. */
export async function checkIdentity(
  directory: string,
  identity: string | undefined,
  isNew: boolean,
  checkpoints: Checkpoints,
): Promise<void> {
  const found = await checkpoints.readIdentity();
  if (found === 'damaged') {
    throw logError(
      'LOG_CORRUPT',
      `the identity file in ${directory} cannot be read: whose log this is, is not known`,
    );
  }
  if (identity === undefined || found?.identity === identity) return;
  if (found === undefined && isNew) {
    await checkpoints.writeIdentity(identity);
    return;
  }
  const owner = found === undefined ? 'nobody in particular' : found.identity;
  throw logError('FOREIGN_LOG', `${directory} belongs to ${owner}, not to ${identity}`, {
    details: { directory, identity, ...(found === undefined ? {} : { owner: found.identity }) },
    hint: 'move the directory away, or open it for its own identity',
  });
}

function warnWhenBehind(
  directory: string,
  recoveryPoint: number | undefined,
  endOffset: number,
  world: World,
): void {
  if (recoveryPoint === undefined || recoveryPoint <= endOffset) return;
  world.logger.error(
    { path: directory, recoveryPoint, endOffset },
    `the log ends at ${endOffset}, although everything below ${recoveryPoint} was flushed`,
  );
}

/** Whether an error says that a path is no directory, or not there. */
export function isNoDirectory(error: unknown): boolean {
  const code = codeOf(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}
