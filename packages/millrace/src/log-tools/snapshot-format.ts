import type { Offset } from '@millrace/record';

/*
 * A snapshot is a plain tar: first this manifest, then for each log, below its name, its small files and its segments,
 * in order of their offsets. Indexes are not in it: they are built anew when it is imported.
 */
export const manifestName = 'millrace-snapshot.json';
export const largestManifestBytes = 64 * 1024 * 1024;
/** Epochs, identity and the like. */
export const largestSmallFileBytes = 256 * 1024 * 1024;

export interface SnapshotManifest {
  readonly format: 1;
  /** Whether it was made of one log, or of a directory of logs. */
  readonly kind: 'log' | 'logs';
  /** ms since the epoch. */
  readonly madeAt: number;
  readonly logs: readonly SnapshotLog[];
}

export interface SnapshotLog {
  readonly name: string;
  readonly startOffset: Offset;
  readonly endOffset: Offset;
  /** In order: what the tar must hold below the log's name. */
  readonly files: readonly SnapshotFile[];
}

export interface SnapshotFile {
  readonly name: string;
  readonly bytes: number;
}

const logName = /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,255}$/;
const segmentName = /^(\d{20})\.log$/;
const snapshotName = /^\d{20}\.snapshot$/;
const smallFiles = new Set([
  'log.metadata',
  'log-start-offset',
  'leader-epoch-checkpoint',
  'cleaner-offset-checkpoint',
]);

/** The base offset of a segment; undefined for another file. */
export function segmentOffset(name: string): Offset | undefined {
  const digits = segmentName.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** Files that go into a snapshot as they are, beside the segments. */
export function isSmallFile(name: string): boolean {
  return smallFiles.has(name) || snapshotName.test(name);
}

/** undefined when the text is no manifest, or names what no snapshot holds. */
export function readManifest(text: string): SnapshotManifest | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return isManifest(value) ? value : undefined;
}

function isManifest(value: unknown): value is SnapshotManifest {
  if (!isObject(value) || value['format'] !== 1) return false;
  const { kind, logs, madeAt } = value;
  if ((kind !== 'log' && kind !== 'logs') || typeof madeAt !== 'number' || !Array.isArray(logs)) return false;
  return logs.length > 0 && (kind === 'logs' || logs.length === 1) && logs.every(isLog);
}

function isLog(value: unknown): value is SnapshotLog {
  if (!isObject(value) || typeof value['name'] !== 'string' || !logName.test(value['name'])) return false;
  const { startOffset, endOffset, files } = value;
  return isCount(startOffset) && isCount(endOffset) && Array.isArray(files) && files.every(isFile);
}

function isFile(value: unknown): value is SnapshotFile {
  if (!isObject(value) || typeof value['name'] !== 'string' || !isCount(value['bytes'])) return false;
  return isSmallFile(value['name']) || segmentOffset(value['name']) !== undefined;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
