import type { Clock } from './clock.ts';
import type { FileLock, FileSystem, LockNotes, OpenFile, OpenMode } from './file-system.ts';
import { type LockHolder, lockedError } from './locked-error.ts';
import { DiskCalls, type FaultyOperation } from './memory/disk-calls.ts';
import type { MemoryFile } from './memory/memory-file.ts';
import { errnoError, MemoryTree } from './memory/memory-tree.ts';
import { OpenMemoryFile } from './memory/open-memory-file.ts';
import type { Random } from './random.ts';
import { systemClock } from './system-clock.ts';

export interface MemoryFileSystemOptions {
  /** Dates locks; together with `random` also delays every call. The system's. */
  clock?: Clock;
  /** With `clock`: calls take up to 2 ms of its time and complete out of order. Without: they need no time. */
  random?: Random;
}

/** Files in memory, for brokers that keep nothing and for tests that cut the power. */
export interface MemoryFileSystem extends FileSystem {
  /** The disk after a power cut: a copy that kept what was synced and a random part of the rest; without locks. */
  crash(random: Random): MemoryFileSystem;
  /**
   * Makes the next call of this kind fail; several wait for their turn. A failing append leaves a part of its bytes (a
   * random one with `random`, else the first half); what a failing sync did not write no later sync makes durable.
   */
  failNext(operation: FaultyOperation, error: Error): void;
}

/** An empty disk. It keeps about the bytes that are written to it, whether or not they are ever synced. */
export function memoryFileSystem(options: MemoryFileSystemOptions = {}): MemoryFileSystem {
  return new MemoryDisk(options, new MemoryTree());
}

class MemoryDisk implements MemoryFileSystem {
  readonly #options: MemoryFileSystemOptions;
  readonly #tree: MemoryTree;
  readonly #calls: DiskCalls;
  readonly #locks = new Map<MemoryFile, LockHolder>();

  constructor(options: MemoryFileSystemOptions, tree: MemoryTree) {
    this.#options = options;
    this.#tree = tree;
    this.#calls = new DiskCalls(options.clock, options.random);
  }

  crash(random: Random): MemoryFileSystem {
    return new MemoryDisk(this.#options, this.#tree.crash(random));
  }

  failNext(operation: FaultyOperation, error: Error): void {
    this.#calls.failNext(operation, error);
  }

  async open(path: string, mode: OpenMode): Promise<OpenFile> {
    await this.#calls.latency();
    this.#calls.throwFault('open');
    const file = mode === 'create' ? this.#tree.createFile(path, 'open') : this.#tree.file(path, 'open');
    return new OpenMemoryFile(path, mode, file, this.#tree, this.#calls);
  }

  async list(directory: string): Promise<string[]> {
    await this.#calls.latency();
    return [...this.#tree.directory(directory, 'scandir').entries.keys()].sort();
  }

  async ensureDirectory(path: string): Promise<void> {
    await this.#calls.latency();
    this.#tree.ensureDirectory(path);
  }

  async syncDirectory(path: string): Promise<void> {
    await this.#calls.latency();
    this.#calls.throwFault('syncDirectory');
    this.#tree.syncDirectory(path);
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#calls.latency();
    this.#calls.throwFault('rename');
    this.#tree.rename(from, to);
  }

  async remove(path: string): Promise<void> {
    await this.#calls.latency();
    this.#tree.remove(path);
  }

  async exists(path: string): Promise<boolean> {
    await this.#calls.latency();
    return this.#tree.exists(path);
  }

  async lock(path: string, notes: LockNotes = {}): Promise<FileLock> {
    await this.#calls.latency();
    const taken = this.#tree.exists(path) ? this.#locks.get(this.#tree.file(path, 'open')) : undefined;
    if (taken !== undefined) throw lockedError(path, taken);
    const file = this.#tree.createFile(path, 'link');
    const holder = { pid: process.pid, since: (this.#options.clock ?? systemClock).now() };
    this.#locks.set(file, { ...holder, notes });
    return {
      annotate: async (newNotes) => {
        if (!this.#locks.has(file)) throw errnoError('EBADF', 'annotate', path);
        this.#locks.set(file, { ...holder, notes: newNotes });
      },
      release: async () => {
        if (!this.#locks.delete(file)) return;
        if (this.#tree.exists(path) && this.#tree.file(path, 'unlink') === file) this.#tree.remove(path);
      },
    };
  }
}
