import type { Duplex } from 'node:stream';
import type { ByteRange, World } from '@millrace/runtime';
import { sendRange } from './range-sender.ts';

/** Chunks up to this size are joined before they are written: a copy is cheaper than a buffer in a writev. */
const smallBytes = 2_048;

/**
 * What is to be sent over one stream: gathered during a turn of the event loop, written at its end, in order. Ranges
 * are read when their turn comes, so that a slow peer holds files, not memory.
 */
export class Outgoing {
  readonly #stream: Duplex;
  readonly #world: World;
  readonly #failed: (error: unknown) => void;
  #queue: (Uint8Array | ByteRange)[] = [];
  #queuedBytes = 0;
  #scheduled = false;
  #sendingRange = false;

  /** `failed` hears of a range that could not be sent whole: the stream must go then. */
  constructor(stream: Duplex, world: World, failed: (error: unknown) => void) {
    this.#stream = stream;
    this.#world = world;
    this.#failed = failed;
  }

  /** In memory or promised, and not yet with the kernel. */
  get unsentBytes(): number {
    return this.#queuedBytes + this.#stream.writableLength;
  }

  /** Adds a message; its ranges are released once sent, or when the stream ends. */
  add(chunks: readonly (Uint8Array | ByteRange)[]): void {
    if (this.#stream.destroyed) {
      releaseAll(chunks);
      return;
    }
    for (const chunk of chunks) {
      this.#queue.push(chunk);
      this.#queuedBytes += chunk.byteLength;
    }
    if (this.#scheduled || this.#sendingRange) return;
    this.#scheduled = true;
    this.#world.clock.endOfTurn(() => this.#write());
  }

  /** Writes at once what has gathered, as far as no range stands in between. */
  flush(): void {
    if (!this.#sendingRange) this.#write();
  }

  /** The stream has ended: nothing more can be sent. */
  drop(): void {
    releaseAll(this.#queue);
    this.#queue = [];
    this.#queuedBytes = 0;
  }

  #write(): void {
    this.#scheduled = false;
    const queue = this.#queue;
    if (queue.length === 0) return;
    if (this.#stream.destroyed) {
      this.drop();
      return;
    }
    const firstRange = queue.findIndex((chunk) => !(chunk instanceof Uint8Array));
    const count = firstRange === -1 ? queue.length : firstRange;
    this.#queue = queue.slice(count + 1);
    for (let i = 0; i < count; i += 1) this.#queuedBytes -= (queue[i] as Uint8Array).byteLength;
    writeTogether(this.#stream, queue.slice(0, count) as Uint8Array[]);
    if (firstRange !== -1) this.#sendRange(queue[firstRange] as ByteRange);
  }

  #sendRange(range: ByteRange): void {
    this.#sendingRange = true;
    sendRange(this.#stream, range).then(
      () => {
        this.#sendingRange = false;
        this.#queuedBytes -= range.byteLength;
        this.#write();
      },
      (error: unknown) => {
        this.#sendingRange = false;
        this.#failed(error);
      },
    );
  }
}

function writeTogether(stream: Duplex, chunks: readonly Uint8Array[]): void {
  if (chunks.length === 0) return;
  stream.cork();
  for (let i = 0; i < chunks.length; ) {
    const chunk = chunks[i] as Uint8Array;
    let end = i + 1;
    if (chunk.byteLength <= smallBytes)
      while (end < chunks.length && (chunks[end] as Uint8Array).byteLength <= smallBytes) end += 1;
    stream.write(end === i + 1 ? chunk : Buffer.concat(chunks.slice(i, end)));
    i = end;
  }
  stream.uncork();
}

export function releaseAll(chunks: readonly (Uint8Array | ByteRange)[]): void {
  for (const chunk of chunks) if (!(chunk instanceof Uint8Array)) chunk.release();
}
