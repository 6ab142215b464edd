import { join } from 'node:path';
import type { FileSystem } from '@millrace/runtime';
import { logError, reasonOf } from '../errors.ts';
import type { Segment } from '../segment.ts';
import { parseSegmentFileName, segmentFileName } from '../segment-name.ts';
import { isCleanedFileName, parseSwapFileName, swapFileName } from './swap-name.ts';

const deletedSuffix = '.deleted';
const deletedPattern = /^\d{20}\.log\.deleted$/;

/*
 * From the renaming to `.swap` on, the new segment stands for its whole range, and whoever finds it finishes:
 *
 *   1. `<base>.log.cleaned` is written and synced            found: removed
 *   2. renamed to `<base>-<next>.log.swap`, directory synced  found: the rest is done
 *   3. what lies in `[base, next)` goes, directory synced
 *   4. renamed to `<base>.log`, directory synced
 *
 * The old files go before the new one takes its place, so that at no moment two segments hold the same offsets without a
 * `.swap` that says which is true; and an index goes before its segment changes, since it would be believed.
 */

/** Where a segment that was replaced lies until its last reader has let go. */
export function deletedPath(segment: Segment): string {
  return segment.path + deletedSuffix;
}

/**
 * Step 2. On an error nothing has changed and `cleanedPath` may still be there; unless even that cannot be brought
 * about: then `fail` is told, since the next opening may find either.
 */
export async function commitSwap(
  directory: string,
  cleaned: { readonly segment: Segment; readonly path: string },
  files: FileSystem,
  fail: (error: Error) => void,
): Promise<string> {
  const { baseOffset, nextOffset } = cleaned.segment;
  const path = join(directory, swapFileName(baseOffset, nextOffset));
  try {
    await files.rename(cleaned.path, path);
    await files.syncDirectory(directory);
    return path;
  } catch (error) {
    try {
      if (await files.exists(path)) await files.remove(path);
      await files.syncDirectory(directory);
    } catch (undoError) {
      fail(swapFailed(directory, undoError));
    }
    throw error;
  }
}

/** Steps 3 and 4. After an error the next opening finishes: nothing may be written until then. */
export async function completeSwap(
  directory: string,
  sources: readonly Segment[],
  swapPath: string,
  cleaned: Segment,
  files: FileSystem,
): Promise<void> {
  const names = new Set(await files.list(directory));
  for (const source of sources) {
    for (const kind of ['index', 'timeindex'] as const) {
      const name = segmentFileName(source.baseOffset, kind);
      if (names.has(name)) await files.remove(join(directory, name));
    }
    await files.rename(source.path, deletedPath(source));
  }
  await files.syncDirectory(directory);
  await files.rename(swapPath, cleaned.path);
  await files.syncDirectory(directory);
}

/** What is to be told when a swap stops halfway. */
export function swapFailed(directory: string, cause: unknown): Error {
  return logError('LOG_FAILED', `compaction of ${directory} stopped halfway: ${reasonOf(cause)}`, {
    cause,
    hint: 'the log is read-only until it is opened again, which finishes it',
  });
}

/** Finishes or undoes what compaction left when it was cut off. Before anything else is read from the directory. */
export async function recoverSwaps(directory: string, files: FileSystem): Promise<void> {
  const names = await files.list(directory);
  for (const name of names) {
    if (isCleanedFileName(name) || deletedPattern.test(name)) await files.remove(join(directory, name));
  }
  for (const name of names) {
    const swap = parseSwapFileName(name);
    if (swap === undefined) continue;
    for (const old of names) {
      const parsed = parseSegmentFileName(old);
      if (parsed === undefined || parsed.kind === 'snapshot') continue;
      if (parsed.baseOffset < swap.baseOffset || parsed.baseOffset >= swap.nextOffset) continue;
      await files.remove(join(directory, old));
    }
    await files.syncDirectory(directory);
    await files.rename(join(directory, name), join(directory, segmentFileName(swap.baseOffset, 'log')));
    await files.syncDirectory(directory);
  }
}
