import { join } from 'node:path';
import type { Offset } from '@millrace/record';
import { hasCode, type World } from '@millrace/runtime';
import { nodeWorld } from '@millrace/runtime/node';
import { Checkpoints, type CleanShutdown } from './checkpoint.ts';
import { readCleanerCheckpoint } from './compaction/cleaner-checkpoint.ts';
import { type InspectedSegment, inspectSegment } from './inspect-segment.ts';
import type { LeaderEpoch } from './leader-epochs.ts';
import { parseSegmentFileName } from './segment-name.ts';

export interface InspectOptions {
  /** Reads every byte and compares every checksum; otherwise batch headers alone, as long as these make sense. */
  readonly checksums?: boolean;
  /** What lies at or behind this offset is left alone. */
  readonly upTo?: Offset;
  /** Called as bytes are read. */
  readonly onRead?: (bytes: number) => void;
  readonly signal?: AbortSignal;
}

export interface LogInspection {
  readonly path: string;
  readonly identity: string | undefined;
  readonly startOffset: Offset;
  /** Of what is sound: where the log would end if it were opened now. */
  readonly endOffset: Offset;
  readonly segments: readonly InspectedSegment[];
  /** undefined: missing or unreadable. */
  readonly recoveryPoint: Offset | undefined;
  /** undefined: the log is open and was written to, or its process died. */
  readonly cleanShutdown: CleanShutdown | undefined;
  readonly leaderEpochs: readonly LeaderEpoch[] | undefined;
  /** Offsets at which the producers' state was written down. */
  readonly snapshots: readonly Offset[];
}

/**
 * Looks at a log without opening it: nothing is written and no lock is taken, so that a log can be looked at while its
 * process writes (its last batch may then seem torn). ENOENT; an `AbortError` with the signal.
 */
export async function inspectLog(
  directory: string,
  options: InspectOptions = {},
  world: World = nodeWorld,
): Promise<LogInspection> {
  const checkpoints = new Checkpoints(directory, world.files);
  const recoveryPoint = await checkpoints.readRecoveryPoint();
  const { gapsBelow } = await readCleanerCheckpoint(directory, world.files);
  const names = (await world.files.list(directory)).map(parseSegmentFileName);
  const baseOffsets = names.flatMap((name) => (name?.kind === 'log' ? [name.baseOffset] : []));
  const segments: InspectedSegment[] = [];
  for (const [at, baseOffset] of baseOffsets.entries()) {
    if (baseOffset >= (options.upTo ?? Number.POSITIVE_INFINITY) && at > 0) break;
    options.signal?.throwIfAborted();
    const place = {
      directory,
      baseOffset,
      next: baseOffsets[at + 1],
      recoveryPoint: recoveryPoint ?? 0,
      gapsBelow,
    };
    segments.push(await inspectSegment(place, options, world));
  }
  const identity = await checkpoints.readIdentity();
  const startOffset = await checkpoints.readStartOffset();
  return {
    path: directory,
    identity: identity === 'damaged' ? undefined : identity?.identity,
    startOffset: Math.max(startOffset ?? 0, segments[0]?.baseOffset ?? 0),
    endOffset: endOf(segments),
    segments,
    recoveryPoint,
    cleanShutdown: await checkpoints.readCleanShutdown(),
    leaderEpochs: await checkpoints.readLeaderEpochs(),
    snapshots: names.flatMap((name) => (name?.kind === 'snapshot' ? [name.baseOffset] : [])),
  };
}

/** Paths of the logs in a directory of logs, by name; the directory itself, under an empty name, when it is a log. ENOENT, ENOTDIR. */
export async function logsIn(
  directory: string,
  world: World = nodeWorld,
): Promise<ReadonlyMap<string, string>> {
  const names = await world.files.list(directory);
  if (names.some(isSegment)) return new Map([['', directory]]);
  const found = new Map<string, string>();
  for (const name of names) {
    const path = join(directory, name);
    if (!isDoomed(name) && (await holdsSegments(path, world))) found.set(name, path);
  }
  return found;
}

function isSegment(name: string): boolean {
  return parseSegmentFileName(name)?.kind === 'log';
}

/** What a deletion that was cut short has left. */
function isDoomed(name: string): boolean {
  return /\.[0-9a-f-]{36}-delete$/.test(name);
}

async function holdsSegments(path: string, { files }: World): Promise<boolean> {
  try {
    return (await files.list(path)).some(isSegment);
  } catch (error) {
    if (hasCode(error, 'ENOTDIR') || hasCode(error, 'ENOENT')) return false;
    throw error;
  }
}

/** Behind a tear nothing counts. */
function endOf(segments: readonly InspectedSegment[]): Offset {
  const torn = segments.find((segment) => segment.torn !== undefined);
  return (torn ?? segments.at(-1))?.nextOffset ?? 0;
}
