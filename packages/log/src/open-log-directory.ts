import { join } from 'node:path';
import type { FileLock, World } from '@millrace/runtime';
import { nodeWorld } from '@millrace/runtime/node';
import { Checkpoints } from './checkpoint.ts';
import { defaultLogOptions, type LogConfig, resolveLogOptions } from './config.ts';
import { logError, reasonOf } from './errors.ts';
import type { Log, LogOptions } from './log.ts';
import type { LogDirectory } from './log-directory.ts';
import { checkIdentity, ensureDurableDirectory, isNoDirectory, lockFile, openLogIn } from './open-log.ts';
import { parseSegmentFileName } from './segment-name.ts';
import type { SegmentedLog } from './segmented-log.ts';
import { SharedWork } from './shared-work.ts';

const names = /^[A-Za-z0-9._-]{1,255}$/;
const doomedName = /\.[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}-delete$/;
/** A file name holds 255 bytes: so much of the log's name stays when it is doomed. */
const doomedPrefix = 200;

/**
 * Opens a directory of logs, or begins one. LOCKED when another process has it, with what that process says of itself.
 * What an earlier process was deleting is removed.
 */
export async function openLogDirectory(
  directory: string,
  defaults: LogOptions = {},
  world: World = nodeWorld,
): Promise<LogDirectory> {
  const config = resolveLogOptions(defaults, defaultLogOptions);
  await ensureDurableDirectory(directory, world.files);
  const lock = await world.files.lock(join(directory, lockFile));
  try {
    const opened = new OpenLogDirectory(directory, config, lock, world);
    await opened.removeDoomed();
    return opened;
  } catch (error) {
    await lock.release();
    throw error;
  }
}

class OpenLogDirectory implements LogDirectory {
  readonly path: string;
  readonly #defaults: LogConfig;
  readonly #lock: FileLock;
  readonly #world: World;
  readonly #shared = new SharedWork();
  readonly #logs = new Map<string, SegmentedLog>();
  /** What is being opened or deleted: the next call for the name waits for it. */
  readonly #busy = new Map<string, Promise<unknown>>();
  #closing: Promise<void> | undefined;

  constructor(path: string, defaults: LogConfig, lock: FileLock, world: World) {
    this.path = path;
    this.#defaults = defaults;
    this.#lock = lock;
    this.#world = world;
  }

  async open(name: string, options: LogOptions = {}): Promise<Log> {
    checkName(name);
    return this.#inTurn(name, async () => {
      this.#checkOpen();
      const open = this.#logs.get(name);
      if (open !== undefined && !open.closed) {
        await this.#checkIdentity(name, options.identity);
        return open;
      }
      // Closed by its user: a failure is that user's, and what is on disk is recovered.
      await open?.close().catch(() => undefined);
      const directory = join(this.path, name);
      const config = resolveLogOptions(options, this.#defaults);
      await ensureDurableDirectory(directory, this.#world.files);
      const log: SegmentedLog = await openLogIn(
        directory,
        config,
        options.identity,
        this.#shared,
        this.#world,
        async () => {
          if (this.#logs.get(name) === log) this.#logs.delete(name);
        },
      );
      this.#logs.set(name, log);
      return log;
    });
  }

  get(name: string): Log | undefined {
    return this.#logs.get(name);
  }

  async names(): Promise<string[]> {
    this.#checkOpen();
    const found: string[] = [];
    for (const name of await this.#world.files.list(this.path)) {
      if (isName(name) && (await this.#holdsLog(name))) found.push(name);
    }
    return found;
  }

  async delete(name: string): Promise<void> {
    checkName(name);
    await this.#inTurn(name, async () => {
      this.#checkOpen();
      const log = this.#logs.get(name);
      // Its data goes: a flush that fails now is no loss, and whoever wrote last has been told.
      await log?.close().catch((error: unknown) => {
        this.#world.logger.warn(
          { name, error: reasonOf(error) },
          'a log that is being deleted did not close cleanly',
        );
      });
      if (!(await this.#world.files.exists(join(this.path, name)))) return;
      const doomed = `${name.slice(0, doomedPrefix)}.${this.#world.random.uuid()}-delete`;
      await this.#world.files.rename(join(this.path, name), join(this.path, doomed));
      await this.#world.files.syncDirectory(this.path);
      await this.#removeTree(join(this.path, doomed));
    });
  }

  async annotateLock(notes: { readonly [name: string]: string | number }): Promise<void> {
    await this.#lock.annotate(notes);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Finishes deletions that were cut short. */
  async removeDoomed(): Promise<void> {
    for (const name of await this.#world.files.list(this.path)) {
      if (doomedName.test(name)) await this.#removeTree(join(this.path, name));
    }
  }

  async #close(): Promise<void> {
    try {
      await Promise.allSettled(this.#busy.values());
      const closed = await Promise.allSettled([...this.#logs.values()].map((log) => log.close()));
      const failed = closed.find((result) => result.status === 'rejected');
      if (failed?.status === 'rejected') throw failed.reason;
    } finally {
      await this.#lock.release();
    }
  }

  /** Of a log that is open already: whoever names another owner must not be handed it. */
  async #checkIdentity(name: string, identity: string | undefined): Promise<void> {
    if (identity === undefined) return;
    const directory = join(this.path, name);
    await checkIdentity(directory, identity, false, new Checkpoints(directory, this.#world.files));
  }

  async #holdsLog(name: string): Promise<boolean> {
    try {
      const files = await this.#world.files.list(join(this.path, name));
      return files.some((file) => parseSegmentFileName(file)?.kind === 'log');
    } catch (error) {
      if (isNoDirectory(error)) return false;
      throw error;
    }
  }

  /** A doomed directory that cannot be removed now is tried again at the next opening. */
  async #removeTree(path: string): Promise<void> {
    try {
      for (const name of await this.#world.files.list(path)) await this.#world.files.remove(join(path, name));
      await this.#world.files.remove(path);
    } catch (error) {
      this.#world.logger.warn(
        { path, error: reasonOf(error) },
        'a deleted log could not be removed from the disk yet',
      );
    }
  }

  async #inTurn<T>(name: string, work: () => Promise<T>): Promise<T> {
    const before = this.#busy.get(name);
    const mine = before === undefined ? work() : before.then(work, work);
    this.#busy.set(name, mine);
    try {
      return await mine;
    } finally {
      if (this.#busy.get(name) === mine) this.#busy.delete(name);
    }
  }

  #checkOpen(): void {
    if (this.#closing !== undefined) throw logError('LOG_CLOSED', `the log directory ${this.path} is closed`);
  }
}

function isName(name: string): boolean {
  return names.test(name) && name !== '.' && name !== '..' && name !== lockFile && !doomedName.test(name);
}

function checkName(name: string): void {
  if (isName(name)) return;
  throw logError('INVALID_NAME', `${JSON.stringify(name)} cannot be the name of a log`, {
    hint: 'use 1 to 255 of the characters A-Z, a-z, 0-9, ".", "_" and "-", but not "." or ".."',
  });
}
