import { dirname, join } from 'node:path';
import { openLog, openLogDirectory } from '@millrace/log';
import { codeOf, type FileSystem, hasCode, type OpenFile, type World } from '@millrace/runtime';
import { extract as createExtract, type Extract } from 'tar-stream';
import { BatchChecker } from './batch-checker.ts';
import { logToolError } from './errors.ts';
import {
  largestManifestBytes,
  largestSmallFileBytes,
  manifestName,
  readManifest,
  type SnapshotFile,
  type SnapshotLog,
  type SnapshotManifest,
  segmentOffset,
} from './snapshot-format.ts';

/** A file in the tar. */
type Entry = Extract extends AsyncIterable<infer Item> ? Item : never;

export interface ImportOptions {
  readonly onBytes?: (bytes: number) => void;
}

/**
 * Makes a directory from a snapshot: a log, or a directory of logs, as it was. Every batch is verified before it is
 * kept; the directory appears whole and durable, or not at all. ALREADY_THERE unless it is new or empty;
 * NOT_A_SNAPSHOT; CORRUPT_MESSAGE.
 */
export async function importLogs(
  source: AsyncIterable<Buffer>,
  directory: string,
  { onBytes }: ImportOptions,
  world: World,
): Promise<SnapshotManifest> {
  const { files } = world;
  await mustBeFree(directory, files);
  const building = `${directory}.${world.random.uuid()}.importing`;
  const parents = await missingParents(building, files);
  await files.ensureDirectory(building);
  try {
    const manifest = await unpack(source, building, onBytes, world);
    await settle(manifest, building, world);
    for (const log of manifest.logs) await files.syncDirectory(directoryOf(building, manifest.kind, log));
    await files.syncDirectory(building);
    await files.rename(building, directory);
    for (const parent of parents) await files.syncDirectory(parent);
    return manifest;
  } catch (error) {
    await removeTree(building, files);
    throw error;
  }
}

/** The directories in which a name will be new, the innermost first. */
async function missingParents(path: string, files: FileSystem): Promise<string[]> {
  const parents = [dirname(path)];
  for (let parent = dirname(path); !(await files.exists(parent)); parent = dirname(parent))
    parents.push(dirname(parent));
  return parents;
}

async function mustBeFree(directory: string, files: FileSystem): Promise<void> {
  if (!(await files.exists(directory))) return;
  const names = await files.list(directory);
  if (names.length === 0) return;
  throw logToolError('ALREADY_THERE', `${directory} is there already and holds ${names[0]}`, {
    hint: 'import into a new or empty directory',
  });
}

async function unpack(
  source: AsyncIterable<Buffer>,
  directory: string,
  onBytes: ImportOptions['onBytes'],
  world: World,
): Promise<SnapshotManifest> {
  const extract = createExtract();
  const importing = new Importing(directory, onBytes, world.files);
  const [fed, taken] = await Promise.allSettled([feed(source, extract), takeAll(extract, importing)]);
  if (fed.status === 'rejected') throw fed.reason;
  if (taken.status === 'fulfilled') return importing.finished();
  const code = codeOf(taken.reason);
  if (code !== undefined && !streamCodes.has(code)) throw taken.reason;
  throw notASnapshot(messageOf(taken.reason), taken.reason);
}

/** What the tar itself was found wrong with. */
const streamCodes = new Set(['STREAM_DESTROYED', 'PREMATURE_CLOSE']);

/** Whoever stopped taking tells why; here only a failure of the source counts. */
async function feed(source: AsyncIterable<Buffer>, extract: Extract): Promise<void> {
  try {
    for await (const chunk of source) {
      if (extract.destroying) return;
      if (extract.write(chunk)) continue;
      await new Promise<void>((resolve) => {
        extract.once('drain', () => resolve());
        extract.once('close', () => resolve());
      });
    }
    extract.end(null);
  } catch (error) {
    extract.destroy(error as Error);
    throw error;
  }
}

async function takeAll(extract: Extract, importing: Importing): Promise<void> {
  try {
    for await (const entry of extract) {
      // Its reader meets the failure; nobody may be reading.
      entry.on('error', () => undefined);
      await importing.take(entry);
    }
  } catch (error) {
    extract.destroy();
    throw error;
  }
}

/** Takes the entries in the order in which the manifest, the first of them, names them. */
class Importing {
  readonly #directory: string;
  readonly #onBytes: ImportOptions['onBytes'];
  readonly #files: FileSystem;
  #manifest: SnapshotManifest | undefined;
  #expected: { readonly log: SnapshotLog; readonly file: SnapshotFile }[] = [];

  constructor(directory: string, onBytes: ImportOptions['onBytes'], files: FileSystem) {
    this.#directory = directory;
    this.#onBytes = onBytes;
    this.#files = files;
  }

  async take(entry: Entry): Promise<void> {
    const { name, size, type } = entry.header;
    if (this.#manifest === undefined) {
      if (name !== manifestName || (size ?? 0) > largestManifestBytes)
        throw notASnapshot(`it begins with ${name}, and not with ${manifestName}`);
      this.#manifest = await this.#readManifest(entry);
      this.#expected = this.#manifest.logs.flatMap((log) => log.files.map((file) => ({ log, file })));
      return;
    }
    const next = this.#expected.shift();
    const expected = next === undefined ? 'nothing' : `${next.log.name}/${next.file.name}`;
    if (next === undefined || name !== expected || size !== next.file.bytes || type !== 'file')
      throw notASnapshot(`it holds ${name} of ${size} bytes where its manifest names ${expected}`);
    await this.#keep(entry, next.log, next.file);
  }

  finished(): SnapshotManifest {
    const [missing] = this.#expected;
    if (this.#manifest === undefined) throw notASnapshot('it is empty');
    if (missing !== undefined) throw notASnapshot(`${missing.log.name}/${missing.file.name} is missing`);
    return this.#manifest;
  }

  async #readManifest(entry: Entry): Promise<SnapshotManifest> {
    const chunks: Buffer[] = [];
    for await (const chunk of entry) chunks.push(chunk as Buffer);
    const manifest = readManifest(Buffer.concat(chunks).toString());
    if (manifest === undefined) throw notASnapshot(`its ${manifestName} makes no sense`);
    return manifest;
  }

  async #keep(entry: Entry, log: SnapshotLog, file: SnapshotFile): Promise<void> {
    const base = segmentOffset(file.name);
    const where = `${log.name}/${file.name}`;
    if (base === undefined && file.bytes > largestSmallFileBytes)
      throw notASnapshot(`${where} has ${file.bytes} bytes`);
    const checker = base === undefined ? undefined : new BatchChecker(where, base, log.endOffset);
    const directory = directoryOf(this.#directory, this.#manifest?.kind ?? 'log', log);
    await this.#files.ensureDirectory(directory);
    const target: OpenFile = await this.#files.open(join(directory, file.name), 'create');
    try {
      for await (const chunk of entry) {
        checker?.push(chunk as Buffer);
        await target.append([chunk as Buffer]);
        this.#onBytes?.((chunk as Buffer).length);
      }
      checker?.end();
      await target.sync();
    } finally {
      await target.close();
    }
  }
}

/** Opens the logs once: indexes are built, names and bytes made durable, and the word of a clean shutdown given. */
async function settle(manifest: SnapshotManifest, building: string, world: World): Promise<void> {
  const logs = manifest.kind === 'log' ? undefined : await openLogDirectory(building, {}, world);
  try {
    for (const { name, endOffset } of manifest.logs) {
      const log = logs === undefined ? await openLog(building, {}, world) : await logs.open(name);
      const found = log.endOffset;
      await log.close();
      if (found !== endOffset)
        throw notASnapshot(`the log ${name} ends at ${found}, and not at ${endOffset} as its manifest says`);
    }
  } finally {
    await logs?.close();
  }
}

function directoryOf(building: string, kind: SnapshotManifest['kind'], { name }: SnapshotLog): string {
  return kind === 'log' ? building : join(building, name);
}

async function removeTree(path: string, files: FileSystem): Promise<void> {
  for (const name of await files.list(path)) {
    const child = join(path, name);
    try {
      await files.remove(child);
    } catch (error) {
      if (!hasCode(error, 'ENOTEMPTY')) throw error;
      await removeTree(child, files);
    }
  }
  await files.remove(path);
}

function messageOf(error: unknown): string {
  return error instanceof Object && 'message' in error ? String(error.message) : String(error);
}

function notASnapshot(what: string, cause?: unknown): Error {
  return logToolError('NOT_A_SNAPSHOT', `this is no whole snapshot: ${what}`, {
    cause,
    hint: '`millrace log export DIR FILE.tar` makes one',
  });
}
