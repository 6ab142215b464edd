import { join } from 'node:path';
import type { Offset } from '@millrace/record';
import type { FileSystem } from '@millrace/runtime';
import { readWhole, sealed, unsealed, wholeNumber, writeSynced } from '../checkpoint.ts';

const fileName = 'cleaner-offset-checkpoint';
const never = '-';

/** What is known of a log's compaction. */
export interface CleanerCheckpoint {
  /** Below, no key has two records, except in segments that were left alone. The truth may be higher, never lower. */
  readonly cleanedUpTo: Offset;
  /** From here on every batch begins where the one before it ended. The truth may be lower, never higher. */
  readonly gapsBelow: Offset;
  /** ms since the epoch: when the next tombstone may go. The truth may be later, never earlier; undefined: none waits. */
  readonly nextHorizonMs: number | undefined;
}

/** Of a log that was never compacted. */
const neverCleaned: CleanerCheckpoint = Object.freeze({
  cleanedUpTo: 0,
  gapsBelow: 0,
  nextHorizonMs: undefined,
});

/** For a file that cannot be read: nothing is known to be clean, and gaps may be anywhere. */
const unknown: CleanerCheckpoint = Object.freeze({
  cleanedUpTo: 0,
  gapsBelow: Number.MAX_SAFE_INTEGER,
  nextHorizonMs: 0,
});

export async function readCleanerCheckpoint(
  directory: string,
  files: FileSystem,
): Promise<CleanerCheckpoint> {
  const path = join(directory, fileName);
  if (!(await files.exists(path))) return neverCleaned;
  const text = (await readWhole(files, path)).toString('utf8');
  const [version, cleaned, gaps, horizon] = unsealed(text) ?? [];
  const cleanedUpTo = wholeNumber(cleaned);
  const gapsBelow = wholeNumber(gaps);
  const nextHorizonMs = horizon === never ? undefined : wholeNumber(horizon);
  if (version !== '0' || cleanedUpTo === undefined || gapsBelow === undefined) return unknown;
  return horizon !== never && nextHorizonMs === undefined
    ? unknown
    : { cleanedUpTo, gapsBelow, nextHorizonMs };
}

/** Durable on return. */
export async function writeCleanerCheckpoint(
  directory: string,
  checkpoint: CleanerCheckpoint,
  files: FileSystem,
): Promise<void> {
  const { cleanedUpTo, gapsBelow, nextHorizonMs } = checkpoint;
  const path = join(directory, fileName);
  const text = sealed([0, cleanedUpTo, gapsBelow, nextHorizonMs ?? never]);
  await writeSynced(files, `${path}.tmp`, Buffer.from(text));
  await files.rename(`${path}.tmp`, path);
  await files.syncDirectory(directory);
}
