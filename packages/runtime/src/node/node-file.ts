import * as fs from 'node:fs';
import { mustBeByteCount } from '../byte-count.ts';
import { CodedError, codeOf } from '../coded-error.ts';
import type { OpenFile, OpenMode } from '../file-system.ts';
import { type Callback, called } from './callback.ts';

/** What one writev(2) takes on every system (IOV_MAX). */
const maxChunksPerWrite = 1024;

const flags: Record<OpenMode, string> = { read: 'r', append: 'r+', create: 'w+' };

export async function openNodeFile(path: string, mode: OpenMode): Promise<OpenFile> {
  const descriptor = await called<number>((done) => fs.open(path, flags[mode], done));
  const file = new NodeFile(path, descriptor);
  try {
    await file.mustBeAFile();
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

/**
 * A file over callback `fs.*`, less than half the cost of a FileHandle (protocols §J). It knows where it ends, so that an append asks
 * nothing, and closes its descriptor only when no call uses it any more: the number may be another file's a moment later.
 */
class NodeFile implements OpenFile {
  readonly descriptor: number;
  readonly #path: string;
  /** Undefined after a failed append, which may have left a part. */
  #end: number | undefined;
  #callsInFlight = 0;
  #closed: Promise<void> | undefined;
  #whenIdle: (() => void) | undefined;

  constructor(path: string, descriptor: number) {
    this.#path = path;
    this.descriptor = descriptor;
  }

  /** Also learns where it ends. */
  async mustBeAFile(): Promise<void> {
    const stats = await this.#stat();
    if (stats.isDirectory())
      throw new CodedError('EISDIR', `EISDIR: this is a directory, open '${this.#path}'`);
    this.#end = stats.size;
  }

  async size(): Promise<number> {
    return (await this.#stat()).size;
  }

  async read(position: number, length: number): Promise<Buffer> {
    mustBeByteCount('position', position);
    mustBeByteCount('length', length);
    this.#mustBeOpen();
    const buffer = Buffer.allocUnsafe(length);
    let filled = 0;
    while (filled < length) {
      const count = await this.#call<number>((done) =>
        fs.read(this.descriptor, buffer, filled, length - filled, position + filled, done),
      );
      if (count === 0) break;
      filled += count;
    }
    // A caller that asked for much and got little should not keep much alive.
    return filled * 2 < length ? Buffer.from(buffer.subarray(0, filled)) : buffer.subarray(0, filled);
  }

  async append(chunks: readonly Uint8Array[]): Promise<number> {
    const position = this.#end ?? (await this.size());
    let end = position;
    for (const chunk of chunks) end += chunk.byteLength;
    this.#end = end;
    try {
      await this.#writeAll(chunks, position);
      return position;
    } catch (error) {
      this.#end = undefined;
      throw error;
    }
  }

  async truncate(size: number): Promise<void> {
    mustBeByteCount('size', size);
    this.#end = undefined;
    await this.#call<void>((done) => fs.ftruncate(this.descriptor, size, done));
    this.#end = size;
  }

  async sync(): Promise<void> {
    await this.#call<void>((done) => fs.fdatasync(this.descriptor, done));
  }

  close(): Promise<void> {
    this.#closed ??= this.#closeWhenIdle();
    return this.#closed;
  }

  #stat(): Promise<fs.Stats> {
    return this.#call<fs.Stats>((done) => fs.fstat(this.descriptor, done));
  }

  async #writeAll(chunks: readonly Uint8Array[], position: number): Promise<void> {
    let end = position;
    for (let first = 0; first < chunks.length; first += maxChunksPerWrite) {
      const some =
        chunks.length <= maxChunksPerWrite ? chunks : chunks.slice(first, first + maxChunksPerWrite);
      end += await this.#write(some, end);
    }
  }

  /**
   * A full disk answers with a short count first and with its error only to the next call (measured), so a short
   * write is continued once; whatever remains after that is an error too.
   */
  async #write(chunks: readonly Uint8Array[], position: number): Promise<number> {
    let byteLength = 0;
    for (const chunk of chunks) byteLength += chunk.byteLength;
    if (byteLength === 0) return 0;
    let written = await this.#writeSome(chunks, position);
    if (written < byteLength) written += await this.#writeSome(after(chunks, written), position + written);
    if (written === byteLength) return byteLength;
    throw new CodedError('EIO', `${this.#path}: wrote ${written} of ${byteLength} bytes at ${position}`, {
      details: { path: this.#path, position },
    });
  }

  #writeSome(chunks: readonly Uint8Array[], position: number): Promise<number> {
    const [only] = chunks;
    return this.#call<number>((done) => {
      if (only !== undefined && chunks.length === 1)
        fs.write(this.descriptor, only, 0, only.byteLength, position, done);
      else fs.writev(this.descriptor, chunks, position, done);
    });
  }

  #mustBeOpen(): void {
    if (this.#closed !== undefined)
      throw new CodedError('EBADF', `EBADF: the file is closed, '${this.#path}'`);
  }

  async #call<Result>(start: (done: Callback<Result>) => void): Promise<Result> {
    this.#mustBeOpen();
    this.#callsInFlight++;
    try {
      return await called(start);
    } catch (error) {
      throw this.#named(error);
    } finally {
      this.#callsInFlight--;
      if (this.#callsInFlight === 0) this.#whenIdle?.();
    }
  }

  async #closeWhenIdle(): Promise<void> {
    if (this.#callsInFlight > 0) {
      await new Promise<void>((resolve) => {
        this.#whenIdle = resolve;
      });
    }
    try {
      await called<void>((done) => fs.close(this.descriptor, done));
    } catch (error) {
      throw this.#named(error);
    }
  }

  /** Node names the call and not the file. Wrong arguments stay the RangeErrors and TypeErrors they are. */
  #named(error: unknown): unknown {
    const code = codeOf(error);
    if (code === undefined || code.startsWith('ERR_')) return error;
    return new CodedError(code, `${messageOf(error)} '${this.#path}'`, {
      cause: error,
      details: { path: this.#path },
    });
  }
}

// Not by `instanceof`: under jest the errors of `fs` come from another realm.
function messageOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : '';
}

function after(chunks: readonly Uint8Array[], byteLength: number): Uint8Array[] {
  const rest: Uint8Array[] = [];
  let skipped = byteLength;
  for (const chunk of chunks) {
    if (skipped < chunk.byteLength) rest.push(chunk.subarray(skipped));
    skipped = Math.max(0, skipped - chunk.byteLength);
  }
  return rest;
}
