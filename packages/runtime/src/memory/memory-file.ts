import type { Random } from '../random.ts';
import { ChunkedBytes } from './chunked-bytes.ts';
import { keptAfterPowerCut, withUnwrittenPieces } from './power-cut.ts';

/** A flush that has begun: when it ends, the bytes up to `size` are durable, later ones are not. */
export interface FlushInFlight {
  size: number;
}

interface Span {
  from: number;
  to: number;
}

/**
 * The bytes of a file as programs see them, and what a power cut would leave of them. In the normal case, a file that
 * only grows, the durable image is a prefix of the bytes and costs one number.
 */
export class MemoryFile {
  readonly #bytes = new ChunkedBytes();
  /** A prefix of `#bytes` that is durable, given that the cut, if any, is. */
  #syncedBytes = 0;
  /** The durable bytes beyond the first `#syncedBytes` that a truncation took away, until a flush makes it durable. */
  #cutBytes: Buffer | undefined;
  /** Beyond `#syncedBytes` after a failed flush: the kernel holds them for clean, so no later flush writes them. */
  #neverWritten: Span[] = [];
  readonly #flushes = new Set<FlushInFlight>();

  get size(): number {
    return this.#bytes.byteLength;
  }

  /** Bytes kept only because a power cut could bring them back. */
  get cutBytes(): number {
    return this.#cutBytes?.length ?? 0;
  }

  append(chunk: Uint8Array): void {
    this.#bytes.append(chunk);
  }

  read(position: number, length: number): Buffer {
    return this.#bytes.read(position, length);
  }

  truncate(size: number): void {
    // The flushes that run now may have written their bytes by now: the cut is of the image they leave.
    for (const flush of this.#flushes) this.#makeDurable(flush.size);
    this.#flushes.clear();
    if (size < this.#syncedBytes) {
      const cut = this.#bytes.read(size, this.#syncedBytes - size);
      this.#cutBytes = this.#cutBytes === undefined ? cut : Buffer.concat([cut, this.#cutBytes]);
      this.#syncedBytes = size;
    }
    this.#neverWritten = this.#neverWritten
      .map(({ from, to }) => ({ from, to: Math.min(to, size) }))
      .filter(({ from, to }) => from < to);
    this.#bytes.resize(size);
  }

  beginFlush(): FlushInFlight {
    const flush = { size: this.size };
    this.#flushes.add(flush);
    return flush;
  }

  endFlush(flush: FlushInFlight): void {
    if (this.#flushes.delete(flush)) this.#makeDurable(flush.size);
  }

  failFlush(flush: FlushInFlight): void {
    if (!this.#flushes.delete(flush) || flush.size <= this.#syncedBytes) return;
    this.#neverWritten.push({ from: this.#syncedBytes, to: flush.size });
  }

  /** The kernel wrote a truncation on its own. */
  settleCut(): void {
    this.#cutBytes = undefined;
  }

  /** What is found after a power cut. */
  crash(random: Random): MemoryFile {
    const cutBytes = this.#cutBytes;
    const keeps = cutBytes === undefined || random.int(2) === 0;
    const durable = withUnwrittenPieces(this.#bytes.read(0, this.#syncedBytes), this.#neverWritten, random);
    const found = new MemoryFile();
    found.append(durable);
    if (keeps) found.append(keptAfterPowerCut(this.#bytes.read(this.#syncedBytes, this.size), random));
    else found.append(cutBytes);
    found.endFlush(found.beginFlush());
    return found;
  }

  #makeDurable(size: number): void {
    this.#syncedBytes = Math.max(this.#syncedBytes, Math.min(size, this.size));
    this.#cutBytes = undefined;
  }
}
