import { dirname } from 'node:path';
import { addAbortSignal } from 'node:stream';
import { prepareChecksums } from '@millrace/record';
import type { FileSystem } from '@millrace/runtime';
import { logToolError } from '../log-tools/errors.ts';
import { exportLogs, type WriteBytes } from '../log-tools/export-logs.ts';
import { importLogs } from '../log-tools/import-logs.ts';
import type { SnapshotManifest } from '../log-tools/snapshot-format.ts';
import { exitCodes } from './exit-code.ts';
import { byteSize, counted } from './figures.ts';
import { type Passed, runLong } from './log-verb.ts';
import { Output } from './output.ts';
import type { VerbContext } from './verb-context.ts';

const readBytes = 1024 * 1024;

/** Writes a snapshot to a new file, or to stdout. LOG_NOT_FOUND, ALREADY_THERE, CORRUPT_MESSAGE. */
export function exportVerb(directory: string, file: string, context: VerbContext): Promise<number> {
  return runLong('exporting', context, async (passed, signal) => {
    await prepareChecksums();
    const { io } = context;
    const { files } = io.world;
    let isLive = false;
    const write = (to: WriteBytes): Promise<SnapshotManifest> =>
      exportLogs(
        directory,
        to,
        {
          onPlan: (manifest, live) => {
            isLive = live;
            passed.total = bytesOf(manifest);
          },
          onBytes: counting(passed, signal),
        },
        io.world,
      );
    const manifest = file === '-' ? await toStdout(write, context) : await toNewFile(write, file, files);
    const note = isLive ? ', up to what was flushed: another process has them' : '';
    io.stderr.write(`exported ${summary(manifest)}${note}\n`);
    return exitCodes.fine;
  });
}

/** Makes a directory from a snapshot. ALREADY_THERE, NOT_A_SNAPSHOT, CORRUPT_MESSAGE. */
export function importVerb(file: string, directory: string, context: VerbContext): Promise<number> {
  return runLong('importing', context, async (passed, signal) => {
    await prepareChecksums();
    const { io } = context;
    const source: AsyncIterable<Buffer> =
      file === '-' ? addAbortSignal(signal, io.stdin) : chunksOf(file, io.world.files);
    const manifest = await importLogs(source, directory, { onBytes: counting(passed, signal) }, io.world);
    io.stderr.write(`imported ${summary(manifest)} into ${directory}\n`);
    return exitCodes.fine;
  });
}

function counting(passed: Passed, signal: AbortSignal): (bytes: number) => void {
  return (bytes) => {
    signal.throwIfAborted();
    passed.bytes += bytes;
  };
}

async function toStdout(
  write: (to: WriteBytes) => Promise<SnapshotManifest>,
  { io }: VerbContext,
): Promise<SnapshotManifest> {
  const output = new Output(io.stdout, io.world.clock);
  try {
    return await write((bytes) => {
      output.readerGone.throwIfAborted();
      return output.write([bytes]);
    });
  } finally {
    await output.end();
  }
}

/** The file appears whole and durable, or not at all. */
async function toNewFile(
  write: (to: WriteBytes) => Promise<SnapshotManifest>,
  path: string,
  files: FileSystem,
): Promise<SnapshotManifest> {
  if (await files.exists(path))
    throw logToolError('ALREADY_THERE', `${path} is there already`, { hint: 'name a new file' });
  const partial = `${path}.partial`;
  const file = await files.open(partial, 'create');
  try {
    const manifest = await write(async (bytes) => {
      await file.append([bytes]);
    });
    await file.sync();
    await file.close();
    await files.rename(partial, path);
    await files.syncDirectory(dirname(path));
    return manifest;
  } catch (error) {
    await file.close();
    if (await files.exists(partial)) await files.remove(partial);
    throw error;
  }
}

async function* chunksOf(path: string, files: FileSystem): AsyncIterable<Buffer> {
  const file = await files.open(path, 'read');
  try {
    for (let at = 0; ; ) {
      const chunk = await file.read(at, readBytes);
      if (chunk.length === 0) return;
      at += chunk.length;
      yield chunk;
    }
  } finally {
    await file.close();
  }
}

function bytesOf({ logs }: SnapshotManifest): number {
  return logs.reduce((sum, { files }) => sum + files.reduce((bytes, file) => bytes + file.bytes, 0), 0);
}

function summary(manifest: SnapshotManifest): string {
  const offsets = manifest.logs.reduce((sum, { startOffset, endOffset }) => sum + endOffset - startOffset, 0);
  return `${counted(manifest.logs.length, 'log')}, ${counted(offsets, 'offset')}, ${byteSize(bytesOf(manifest))}`;
}
