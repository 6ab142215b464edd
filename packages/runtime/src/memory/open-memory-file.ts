import { mustBeByteCount } from '../byte-count.ts';
import type { OpenFile, OpenMode } from '../file-system.ts';
import type { DiskCalls } from './disk-calls.ts';
import type { MemoryFile } from './memory-file.ts';
import { errnoError, type MemoryTree } from './memory-tree.ts';

/** An open file stays usable when its name is removed or given to another. */
export class OpenMemoryFile implements OpenFile {
  readonly descriptor = undefined;
  readonly #path: string;
  readonly #mode: OpenMode;
  readonly #file: MemoryFile;
  readonly #tree: MemoryTree;
  readonly #calls: DiskCalls;
  #closed = false;

  constructor(path: string, mode: OpenMode, file: MemoryFile, tree: MemoryTree, calls: DiskCalls) {
    this.#path = path;
    this.#mode = mode;
    this.#file = file;
    this.#tree = tree;
    this.#calls = calls;
  }

  async size(): Promise<number> {
    this.#mustBeOpen('fstat');
    await this.#calls.latency();
    return this.#file.size;
  }

  async read(position: number, length: number): Promise<Buffer> {
    mustBeByteCount('position', position);
    mustBeByteCount('length', length);
    this.#mustBeOpen('read');
    await this.#calls.latency();
    this.#calls.throwFault('read');
    return this.#file.read(position, length);
  }

  async append(chunks: readonly Uint8Array[]): Promise<number> {
    this.#mustBeOpen('write');
    if (this.#mode === 'read') throw errnoError('EBADF', 'write', this.#path);
    await this.#calls.latency();
    const position = this.#file.size;
    const error = this.#calls.fault('append');
    if (error !== undefined) {
      const bytes = Buffer.concat(chunks);
      this.#file.append(bytes.subarray(0, this.#calls.partOf(bytes.length)));
      throw error;
    }
    for (const chunk of chunks) this.#file.append(chunk);
    return position;
  }

  async truncate(size: number): Promise<void> {
    mustBeByteCount('size', size);
    this.#mustBeOpen('ftruncate');
    if (this.#mode === 'read') throw errnoError('EINVAL', 'ftruncate', this.#path);
    await this.#calls.latency();
    this.#calls.throwFault('truncate');
    this.#tree.truncate(this.#file, size);
  }

  async sync(): Promise<void> {
    this.#mustBeOpen('fdatasync');
    const flush = this.#file.beginFlush();
    await this.#calls.latency();
    const error = this.#calls.fault('sync');
    if (error === undefined) return this.#file.endFlush(flush);
    this.#file.failFlush(flush);
    throw error;
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  #mustBeOpen(call: string): void {
    if (this.#closed) throw errnoError('EBADF', call, this.#path);
  }
}
