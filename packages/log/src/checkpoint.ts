import { join } from 'node:path';
import { crc32c, type Offset } from '@millrace/record';
import { type FileSystem, hasCode } from '@millrace/runtime';
import { decodeLeaderEpochs, encodeLeaderEpochs, type LeaderEpoch } from './leader-epochs.ts';

/*
 * The small files of a log's directory, all text. Each is written beside its name, synced, renamed over it, and the
 * directory synced: a reader finds the old or the new content, never a mixture. `recovery-point`, `log-start-offset`
 * and `clean-shutdown` end with a checksum line, since a digit read wrongly there would skip a check that is needed.
 */
const recoveryPointFile = 'recovery-point';
const startOffsetFile = 'log-start-offset';
const cleanShutdownFile = 'clean-shutdown';
const leaderEpochsFile = 'leader-epoch-checkpoint';
const identityFile = 'log.metadata';
const temporary = '.tmp';

/** What a clean shutdown vouches for: this end, in this boot of the machine. */
export interface CleanShutdown {
  readonly bootId: string;
  readonly endOffset: Offset;
  /** Size of the active segment. */
  readonly activeBytes: number;
}

/** Reads and writes the checkpoints of one log. What cannot be understood reads as undefined. */
export class Checkpoints {
  readonly #directory: string;
  readonly #files: FileSystem;

  constructor(directory: string, files: FileSystem) {
    this.#directory = directory;
    this.#files = files;
  }

  /** Everything below was flushed; the truth may be higher, never lower. */
  async readRecoveryPoint(): Promise<Offset | undefined> {
    const [version, offset] = unsealed(await this.#read(recoveryPointFile)) ?? [];
    return version === '0' ? wholeNumber(offset) : undefined;
  }

  async writeRecoveryPoint(offset: Offset): Promise<void> {
    await this.#write(recoveryPointFile, sealed([0, offset]));
  }

  /** What lies below was deleted. undefined where nothing was, or where it cannot be read: then more is there, never less. */
  async readStartOffset(): Promise<Offset | undefined> {
    const [version, offset] = unsealed(await this.#read(startOffsetFile)) ?? [];
    return version === '0' ? wholeNumber(offset) : undefined;
  }

  async writeStartOffset(offset: Offset): Promise<void> {
    await this.#write(startOffsetFile, sealed([0, offset]));
  }

  async readCleanShutdown(): Promise<CleanShutdown | undefined> {
    const [version, bootId, end, bytes] = unsealed(await this.#read(cleanShutdownFile)) ?? [];
    const endOffset = wholeNumber(end);
    const activeBytes = wholeNumber(bytes);
    if (version !== '0' || bootId === undefined || endOffset === undefined || activeBytes === undefined) {
      return undefined;
    }
    return { bootId, endOffset, activeBytes };
  }

  async writeCleanShutdown(mark: CleanShutdown): Promise<void> {
    await this.#write(cleanShutdownFile, sealed([0, mark.bootId, mark.endOffset, mark.activeBytes]));
  }

  /** Durable on return. A no-op when there is none. */
  async removeCleanShutdown(): Promise<void> {
    const path = join(this.#directory, cleanShutdownFile);
    if (!(await this.#files.exists(path))) return;
    await this.#files.remove(path);
    await this.#files.syncDirectory(this.#directory);
  }

  async readLeaderEpochs(): Promise<LeaderEpoch[] | undefined> {
    const text = await this.#read(leaderEpochsFile);
    return text === undefined ? undefined : decodeLeaderEpochs(text);
  }

  async writeLeaderEpochs(entries: readonly LeaderEpoch[]): Promise<void> {
    await this.#write(leaderEpochsFile, encodeLeaderEpochs(entries));
  }

  /** `damaged` when there is a file that does not say whose the log is. */
  async readIdentity(): Promise<{ readonly identity: string } | 'damaged' | undefined> {
    const text = await this.#read(identityFile);
    if (text === undefined) return undefined;
    const line = /^version: 0\nidentity: (.*)\n$/.exec(text)?.[1];
    try {
      return line === undefined ? 'damaged' : { identity: decodeURIComponent(line) };
    } catch {
      return 'damaged';
    }
  }

  async writeIdentity(identity: string): Promise<void> {
    await this.#write(identityFile, `version: 0\nidentity: ${encodeURIComponent(identity)}\n`);
  }

  async #read(name: string): Promise<string | undefined> {
    const path = join(this.#directory, name);
    if (!(await this.#files.exists(path))) return undefined;
    return (await readWhole(this.#files, path)).toString('utf8');
  }

  async #write(name: string, text: string): Promise<void> {
    const path = join(this.#directory, name);
    await writeSynced(this.#files, path + temporary, Buffer.from(text));
    await this.#files.rename(path + temporary, path);
    await this.#files.syncDirectory(this.#directory);
  }
}

/** Empty when there is no such file. */
export async function readWhole(files: FileSystem, path: string): Promise<Buffer> {
  let file: Awaited<ReturnType<FileSystem['open']>>;
  try {
    file = await files.open(path, 'read');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return Buffer.alloc(0);
    throw error;
  }
  try {
    return await file.read(0, await file.size());
  } finally {
    await file.close();
  }
}

/** Makes the file anew; its bytes survive a power cut, its name once the directory is synced. */
export async function writeSynced(files: FileSystem, path: string, bytes: Buffer): Promise<void> {
  const file = await files.open(path, 'create');
  try {
    if (bytes.length > 0) await file.append([bytes]);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Lines, and a last one with their checksum. */
export function sealed(lines: readonly (string | number)[]): string {
  const text = lines.map((line) => `${line}\n`).join('');
  return `${text}${crc32c(Buffer.from(text)).toString(16)}\n`;
}

/** undefined when the checksum does not hold. */
export function unsealed(text: string | undefined): string[] | undefined {
  if (text === undefined) return undefined;
  const lines = text.split('\n');
  if (lines.pop() !== '') return undefined;
  const checksum = lines.pop();
  const body = lines.map((line) => `${line}\n`).join('');
  return crc32c(Buffer.from(body)).toString(16) === checksum ? lines : undefined;
}

export function wholeNumber(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d+$/.test(text)) return undefined;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : undefined;
}
