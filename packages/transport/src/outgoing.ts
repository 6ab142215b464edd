import type { Duplex } from 'node:stream';
import type { ByteRange, Clock } from '@millrace/runtime';
import { sendFile } from './file-sender.ts';
import { type KernelCopyFinder, plainSocketOf } from './kernel-copy.ts';
import { releaseChunks, sendRange } from './range-sender.ts';
import { type BytesShare, SharedBytes } from './shared-bytes.ts';

/** Chunks up to this size are joined before they are written: a copy is cheaper than a buffer in a writev. */
const smallBytes = 2_048;
/** A range below this size is read and leaves together with its answer: one write instead of two system calls more. */
const kernelCopyBytes = 32 * 1024;
/** How much of a range is in memory at a time: as much as is fast, less where many connections hold some. */
const pieceBytes = { least: 16 * 1024, most: 256 * 1024 };

export interface OutgoingEvents {
  /** Bytes have left: `unsentBytes` is less now. */
  sent(): void;
  /** A range could not be sent whole: the stream must go. */
  failed(error: unknown): void;
}

export interface OutgoingOptions {
  /** Counts what is in memory; without, nobody does. */
  memory?: BytesShare;
  /** Without, ranges are read and written. */
  kernelCopy?: KernelCopyFinder | undefined;
}

/**
 * What is to be sent over one stream: gathered during a turn of the event loop, written at its end, in order. Ranges
 * are read when their turn comes, so that a slow peer holds files, not memory.
 */
export class Outgoing {
  readonly #stream: Duplex;
  readonly #clock: Clock;
  readonly #events: OutgoingEvents;
  /** What is here and has not left; ranges count only for the pieces that have been read. */
  readonly #memory: BytesShare;
  readonly #kernelCopy: KernelCopyFinder | undefined;
  #queue: (Uint8Array | ByteRange)[] = [];
  /** Bytes ever taken in, and ever handed to the kernel (or whatever the stream leads to). */
  #takenBytes = 0;
  #sentBytes = 0;
  /** Who waits until `sentBytes` has come to `at`, in order. */
  readonly #awaiting: { readonly at: number; readonly written: () => void }[] = [];
  #scheduled = false;
  #sending = false;
  #ending = false;
  #dropped = false;

  constructor(stream: Duplex, clock: Clock, events: OutgoingEvents, options: OutgoingOptions = {}) {
    this.#stream = stream;
    this.#clock = clock;
    this.#events = events;
    this.#memory = options.memory ?? new SharedBytes(Number.POSITIVE_INFINITY, 0, clock).share();
    this.#kernelCopy = options.kernelCopy;
  }

  /** In memory or promised, and not yet with the kernel. */
  get unsentBytes(): number {
    return this.#takenBytes - this.#sentBytes;
  }

  /**
   * Adds a message. Its ranges are released once sent, or when the stream ends. `written` is called when its bytes have
   * left, never when the stream ended before.
   */
  add(chunks: readonly (Uint8Array | ByteRange)[], written?: () => void): void {
    if (this.#dropped || this.#ending || this.#stream.destroyed) {
      releaseChunks(chunks);
      return;
    }
    for (const chunk of chunks) {
      this.#queue.push(chunk);
      this.#takenBytes += chunk.byteLength;
      if (chunk instanceof Uint8Array) this.#memory.hold(chunk.byteLength);
    }
    if (written !== undefined) this.#awaiting.push({ at: this.#takenBytes, written });
    this.#schedule();
  }

  /** Ends the stream once everything has been sent; what is added from now on is dropped. Idempotent. */
  end(): void {
    this.#ending = true;
    if (!this.#sending) this.#send();
  }

  /** The stream is no more: nothing can be sent. Idempotent. */
  drop(): void {
    this.#dropped = true;
    releaseChunks(this.#queue);
    this.#queue = [];
    this.#awaiting.length = 0;
    this.#memory.releaseAll();
  }

  #schedule(): void {
    if (this.#scheduled || this.#sending) return;
    this.#scheduled = true;
    this.#clock.endOfTurn(() => {
      this.#scheduled = false;
      if (!this.#sending) this.#send();
    });
  }

  #send(): void {
    this.#sending = true;
    this.#sendQueue().then(
      () => {
        this.#sending = false;
        if (this.#queue.length > 0) this.#send();
        else if (this.#ending && !this.#stream.destroyed) this.#stream.end();
      },
      (error: unknown) => {
        this.#sending = false;
        this.#events.failed(error);
      },
    );
  }

  async #sendQueue(): Promise<void> {
    while (this.#queue.length > 0 && !this.#dropped) {
      const firstRange = this.#queue.findIndex((chunk) => !(chunk instanceof Uint8Array));
      let waiting = this.#queue.splice(0, firstRange < 0 ? this.#queue.length : firstRange) as Uint8Array[];
      if (firstRange < 0) {
        if (!(await this.#write(waiting))) return;
        continue;
      }
      const range = this.#queue.shift() as ByteRange;
      if (await this.#sendByKernel(range, waiting)) continue;
      await sendRange(range, {
        claim: (bytes) => this.#claim(bytes),
        write: (piece) => {
          // What came before the range leaves together with its first piece.
          const chunks = [...waiting, piece];
          waiting = [];
          return this.#write(chunks);
        },
      });
    }
  }

  /** Sends what waits and then the range from its file; false where that is not possible: nothing was sent then. */
  async #sendByKernel(range: ByteRange, waiting: readonly Uint8Array[]): Promise<boolean> {
    const { file, byteLength } = range;
    if (file === undefined || byteLength < kernelCopyBytes) return false;
    if (plainSocketOf(this.#stream) === undefined) return false;
    const kernel = this.#kernelCopy?.found;
    if (kernel === undefined) return false;
    // The kernel knows nothing of what the stream still holds.
    if (!(await this.#writeOut(waiting))) {
      range.release();
      return true;
    }
    await sendFile(range, file, kernel, {
      socket: () => (this.#dropped ? undefined : plainSocketOf(this.#stream)),
      copied: (bytes) => this.#left(bytes),
      claim: (bytes) => this.#claim(bytes),
      write: (piece) => this.#writeOut([piece]),
    });
    return true;
  }

  #claim(wantedBytes: number): number {
    const roomBytes = this.#memory.limitBytes - this.#memory.heldBytes;
    const bytes = Math.min(wantedBytes, Math.max(roomBytes, pieceBytes.least), pieceBytes.most);
    if (!this.#dropped) this.#memory.hold(bytes);
    return bytes;
  }

  /** Resolves once all that was ever written has left: false when the stream ended before. */
  #writeOut(chunks: readonly Uint8Array[]): Promise<boolean> {
    const stream = this.#stream;
    if (this.#dropped || stream.destroyed) return Promise.resolve(false);
    const bytes = bytesOf(chunks);
    return new Promise((resolve) => {
      const ended = (): void => resolve(false);
      stream.once('close', ended);
      writeTogether(stream, chunks.length > 0 ? chunks : [new Uint8Array(0)], () => {
        stream.off('close', ended);
        if (bytes > 0) this.#leftMemory(bytes);
        resolve(!this.#dropped && !stream.destroyed);
      });
    });
  }

  /** Resolves to whether the stream takes more. */
  async #write(chunks: readonly Uint8Array[]): Promise<boolean> {
    if (this.#dropped || this.#stream.destroyed) return false;
    const bytes = bytesOf(chunks);
    writeTogether(this.#stream, chunks, () => this.#leftMemory(bytes));
    if (this.#stream.writableNeedDrain) await drained(this.#stream);
    return !this.#dropped && !this.#stream.destroyed;
  }

  #leftMemory(bytes: number): void {
    if (!this.#dropped) this.#memory.release(bytes);
    this.#left(bytes);
  }

  #left(bytes: number): void {
    this.#sentBytes += bytes;
    for (let first = this.#awaiting[0]; first !== undefined; first = this.#awaiting[0]) {
      if (first.at > this.#sentBytes) break;
      this.#awaiting.shift();
      first.written();
    }
    this.#events.sent();
  }
}

function bytesOf(chunks: readonly Uint8Array[]): number {
  let bytes = 0;
  for (const chunk of chunks) bytes += chunk.byteLength;
  return bytes;
}

/** `left` is called when all of them have left, not when the stream fails before. */
function writeTogether(stream: Duplex, chunks: readonly Uint8Array[], left: () => void): void {
  if (chunks.length === 0) return;
  const done = (error?: Error | null): void => {
    if (error === undefined || error === null) left();
  };
  if (chunks.length === 1) {
    stream.write(chunks[0], done);
    return;
  }
  stream.cork();
  for (let i = 0; i < chunks.length; ) {
    const chunk = chunks[i] as Uint8Array;
    let end = i + 1;
    if (chunk.byteLength <= smallBytes)
      while (end < chunks.length && (chunks[end] as Uint8Array).byteLength <= smallBytes) end += 1;
    const joined = end === i + 1 ? chunk : Buffer.concat(chunks.slice(i, end));
    if (end === chunks.length) stream.write(joined, done);
    else stream.write(joined);
    i = end;
  }
  stream.uncork();
}

/** Resolves once the stream takes more, or has ended. */
function drained(stream: Duplex): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      stream.off('drain', done).off('close', done);
      resolve();
    };
    stream.once('drain', done).once('close', done);
  });
}
