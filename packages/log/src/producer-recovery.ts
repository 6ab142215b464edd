import { join } from 'node:path';
import type { Offset } from '@millrace/record';
import { type FileSystem, hasCode, type World } from '@millrace/runtime';
import { longScanBytes, scanHeaders } from './batch-scan.ts';
import { readWhole, writeSynced } from './checkpoint.ts';
import { reasonOf } from './errors.ts';
import type { LeaderEpochs } from './leader-epochs.ts';
import { decodeProducerSnapshot } from './producer-snapshot.ts';
import { isIdempotent, ProducerState } from './producer-state.ts';
import type { Segment } from './segment.ts';
import { parseSegmentFileName, segmentFileName } from './segment-name.ts';

/** One to fall back to when the newest turns out to be damaged. */
const snapshotsKept = 2;

/**
 * The producers' state at the end of the log: the newest snapshot that can be read, and the batches behind it. Lets
 * `epochs` know of the batches it passes; with `epochsMissing` all batches are passed.
 */
export async function recoverProducers(
  directory: string,
  segments: readonly Segment[],
  epochs: LeaderEpochs,
  epochsMissing: boolean,
  world: World,
): Promise<ProducerState> {
  const endOffset = segments.at(-1)?.nextOffset ?? 0;
  const snapshot = await newestSnapshot(directory, endOffset, world.files);
  const producers = snapshot?.producers ?? new ProducerState();
  const from = snapshot?.offset ?? 0;
  const now = world.clock.now();
  for (const segment of segments) {
    if (segment.nextOffset <= from && !epochsMissing) continue;
    const start = epochsMissing ? 0 : (segment.index.floor(from)?.position ?? 0);
    const range = { from: start, to: segment.sizeInBytes, pieceBytes: longScanBytes };
    try {
      await scanHeaders(segment, range, (header) => {
        const { baseOffset, lastOffset } = header;
        epochs.start(header.leaderEpoch, baseOffset);
        if (baseOffset >= from && isIdempotent(header)) producers.record(header, baseOffset, lastOffset, now);
        return true;
      });
    } catch (error) {
      if (!hasCode(error, 'CORRUPT_MESSAGE')) throw error;
      world.logger.error(
        { path: segment.path, error: reasonOf(error) },
        'the state of producers may be incomplete',
      );
    }
  }
  producers.expire(now);
  return producers;
}

/** Removes snapshots behind the end of the log: the batches that they tell of are gone, others may take their place. */
export async function removeSnapshotsAfter(
  directory: string,
  endOffset: Offset,
  files: FileSystem,
): Promise<void> {
  for (const offset of await snapshotOffsets(directory, files)) {
    if (offset > endOffset) await files.remove(join(directory, segmentFileName(offset, 'snapshot')));
  }
}

/**
 * Durable once the directory is synced. Older snapshots than the last few are removed; answers those that are left, for the
 * next call: a log of thousands of segments is not listed whenever one is full.
 */
export async function writeSnapshot(
  directory: string,
  offset: Offset,
  snapshot: Buffer,
  files: FileSystem,
  known?: readonly Offset[],
): Promise<readonly Offset[]> {
  await writeSynced(files, join(directory, segmentFileName(offset, 'snapshot')), snapshot);
  const offsets =
    known === undefined
      ? await snapshotOffsets(directory, files)
      : [...known.filter((one) => one !== offset), offset];
  for (const old of offsets.slice(0, -snapshotsKept)) {
    await files.remove(join(directory, segmentFileName(old, 'snapshot')));
  }
  return offsets.slice(-snapshotsKept);
}

async function newestSnapshot(
  directory: string,
  endOffset: Offset,
  files: FileSystem,
): Promise<{ readonly offset: Offset; readonly producers: ProducerState } | undefined> {
  for (const offset of (await snapshotOffsets(directory, files)).reverse()) {
    if (offset > endOffset) continue;
    const bytes = await readWhole(files, join(directory, segmentFileName(offset, 'snapshot')));
    const producers = decodeProducerSnapshot(bytes);
    if (producers !== undefined) return { offset, producers };
  }
  return undefined;
}

/** Ascending. */
async function snapshotOffsets(directory: string, files: FileSystem): Promise<Offset[]> {
  const offsets: Offset[] = [];
  for (const name of await files.list(directory)) {
    const parsed = parseSegmentFileName(name);
    if (parsed?.kind === 'snapshot') offsets.push(parsed.baseOffset);
  }
  return offsets;
}
