import { basename, dirname, join, resolve } from 'node:path';
import { inspectLog, type LogInspection } from '@millrace/log';
import type { FileLock, World } from '@millrace/runtime';
import { hasCode } from '@millrace/runtime';
import { pack as createPack, type Pack } from 'tar-stream';
import { BatchChecker } from './batch-checker.ts';
import { logToolError } from './errors.ts';
import { type FoundLog, findLogs } from './find-logs.ts';
import {
  isSmallFile,
  manifestName,
  type SnapshotFile,
  type SnapshotLog,
  type SnapshotManifest,
  segmentOffset,
} from './snapshot-format.ts';

const readBytes = 1024 * 1024;
const lockName = '.lock';

/** Takes the bytes of a snapshot, in order; a promise when it needs a rest. */
export type WriteBytes = (bytes: Buffer) => Promise<void> | undefined;

export interface ExportOptions {
  /** Called as bytes of logs pass. */
  readonly onBytes?: (bytes: number) => void;
  /** Called before the first byte. */
  readonly onPlan?: (manifest: SnapshotManifest, isLive: boolean) => void;
}

/**
 * Writes a snapshot of a log, or of all logs of a data directory. While no process has them, they are locked meanwhile
 * and whole in the snapshot; otherwise each ends at its recovery point: what was surely flushed, up to a second ago.
 * Every batch is verified as it passes. LOG_NOT_FOUND, CORRUPT_MESSAGE with file and position, LOG_CHANGED.
 */
export async function exportLogs(
  directory: string,
  write: WriteBytes,
  options: ExportOptions,
  world: World,
): Promise<SnapshotManifest> {
  const { kind, logs } = await findLogs(directory, world);
  const lock = await lockUnlessUsed(directory, world);
  try {
    const planned = [];
    for (const log of logs) planned.push(await plan(log, lock === undefined, world));
    const manifest: SnapshotManifest = { format: 1, kind, madeAt: world.clock.now(), logs: planned };
    options.onPlan?.(manifest, lock === undefined);
    const pack = createPack();
    const packing = packAll(pack, manifest, logs, options, world).catch((error: unknown) => {
      const told = lock === undefined ? changedMeanwhile(error, directory) : error;
      pack.destroy(told as Error);
      throw told;
    });
    await Promise.all([packing, drain(pack, write)]);
    return manifest;
  } finally {
    await lock?.release();
  }
}

/** A broker may delete, cut or compact segments while they are read: then nothing is damaged, but the snapshot would be. */
function changedMeanwhile(error: unknown, directory: string): unknown {
  if (!hasCode(error, 'ENOENT') && !hasCode(error, 'CORRUPT_MESSAGE')) return error;
  return logToolError(
    'LOG_CHANGED',
    `the logs in ${directory} changed while they were read: ${error.message}`,
    {
      cause: error,
      retriable: true,
      hint: 'export again; `millrace log verify` tells whether something is damaged',
    },
  );
}

/** undefined while another process has the logs. */
async function lockUnlessUsed(directory: string, { files }: World): Promise<FileLock | undefined> {
  const [own, parents] = [join(directory, lockName), join(dirname(resolve(directory)), lockName)];
  const path = !(await files.exists(own)) && (await files.exists(parents)) ? parents : own;
  try {
    return await files.lock(path);
  } catch (error) {
    if (hasCode(error, 'LOCKED')) return undefined;
    throw error;
  }
}

async function plan(log: FoundLog, isLive: boolean, world: World): Promise<SnapshotLog> {
  const upTo = isLive ? { upTo: await flushedFor(log, world) } : {};
  const inspection = await inspectLog(log.path, upTo, world);
  refuseDamage(inspection);
  const { startOffset, endOffset } = inspection;
  const small: SnapshotFile[] = [];
  for (const name of await smallFilesOf(log, endOffset, world))
    small.push({ name, bytes: await sizeOf(join(log.path, name), world) });
  const segments = inspection.segments
    .filter(({ baseOffset }) => baseOffset <= endOffset)
    .map(({ path, soundBytes }) => ({ name: basename(path), bytes: soundBytes }));
  return { name: log.name, startOffset, endOffset, files: [...small, ...segments] };
}

/** What is flushed for certain, without a look at the segments: a head is deleted only below what is. */
async function flushedFor(log: FoundLog, world: World): Promise<number> {
  const { recoveryPoint = 0, startOffset } = await inspectLog(log.path, { upTo: 0 }, world);
  return Math.max(recoveryPoint, startOffset);
}

function refuseDamage({ segments }: LogInspection): void {
  for (const { path, damage } of segments) {
    const [first] = damage;
    if (first === undefined) continue;
    throw logToolError('CORRUPT_MESSAGE', `${path} is damaged at byte ${first.position}`, {
      details: { file: path, position: first.position, nextOffset: first.nextOffset },
      hint: '`millrace log verify` lists all damage; a damaged log cannot be exported',
    });
  }
}

/** Identity, epochs, and what was known of producers last. */
async function smallFilesOf({ path }: FoundLog, endOffset: number, world: World): Promise<string[]> {
  const names = (await world.files.list(path)).filter(isSmallFile);
  const isSnapshot = (name: string): boolean => name.endsWith('.snapshot');
  const newest = names.filter((name) => isSnapshot(name) && Number.parseInt(name, 10) <= endOffset).at(-1);
  return names.filter((name) => !isSnapshot(name) || name === newest);
}

async function sizeOf(path: string, { files }: World): Promise<number> {
  const file = await files.open(path, 'read');
  try {
    return await file.size();
  } finally {
    await file.close();
  }
}

async function packAll(
  pack: Pack,
  manifest: SnapshotManifest,
  logs: readonly FoundLog[],
  { onBytes }: ExportOptions,
  world: World,
): Promise<void> {
  const mtime = new Date(manifest.madeAt);
  const text = Buffer.from(`${JSON.stringify(manifest, undefined, 1)}\n`);
  await packEntry(pack, { name: manifestName, size: text.length, mtime }, [text]);
  for (const [at, { name: logName, endOffset, files }] of manifest.logs.entries()) {
    for (const { name, bytes } of files) {
      const path = join(logs[at]?.path ?? '', name);
      const base = segmentOffset(name);
      const checker = base === undefined ? undefined : new BatchChecker(path, base, endOffset);
      const chunks = chunksOf(path, bytes, world);
      const entry = { name: `${logName}/${name}`, size: bytes, mtime };
      await packEntry(pack, entry, checked(chunks, checker, onBytes));
    }
  }
  pack.finalize();
}

async function packEntry(
  pack: Pack,
  header: { name: string; size: number; mtime: Date },
  chunks: AsyncIterable<Buffer> | Iterable<Buffer>,
): Promise<void> {
  let settle = (_error: unknown): void => undefined;
  const packed = new Promise<void>((resolve, reject) => {
    settle = (error) => (error === undefined || error === null ? resolve() : reject(error as Error));
  });
  // Whoever feeds the entry meets its failure first.
  packed.catch(() => undefined);
  const entry = pack.entry({ ...header, mode: 0o644 }, settle);
  entry.on('error', () => undefined);
  for await (const chunk of chunks) {
    if (entry.write(chunk)) continue;
    await Promise.race([new Promise<void>((resolve) => void entry.once('drain', () => resolve())), packed]);
  }
  entry.end(null);
  await packed;
}

async function* checked(
  chunks: AsyncIterable<Buffer>,
  checker: BatchChecker | undefined,
  onBytes: ((bytes: number) => void) | undefined,
): AsyncIterable<Buffer> {
  for await (const chunk of chunks) {
    checker?.push(chunk);
    onBytes?.(chunk.length);
    yield chunk;
  }
  checker?.end();
}

/** The first bytes of a file. What a running broker deletes meanwhile cannot be in the snapshot. */
async function* chunksOf(path: string, bytes: number, { files }: World): AsyncIterable<Buffer> {
  const file = await files.open(path, 'read');
  try {
    for (let at = 0; at < bytes; at += readBytes) {
      const chunk = await file.read(at, Math.min(readBytes, bytes - at));
      if (chunk.length < Math.min(readBytes, bytes - at))
        throw logToolError('CORRUPT_MESSAGE', `${path} has become shorter`, {
          details: { file: path, position: at + chunk.length },
        });
      yield chunk;
    }
  } finally {
    await file.close();
  }
}

async function drain(pack: Pack, write: WriteBytes): Promise<void> {
  for await (const chunk of pack) await write(chunk as Buffer);
}
