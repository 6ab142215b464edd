import { Duplex } from 'node:stream';

/** Two ends of one stream: what is written to one is read from the other. Every byte of the protocol, no port. */
export function duplexPair(): [Duplex, Duplex] {
  const left = new PairEnd();
  const right = new PairEnd();
  left.other = right;
  right.other = left;
  return [left, right];
}

class PairEnd extends Duplex {
  other: PairEnd | undefined;
  /** Calls back the writer whose chunk has not been asked for yet. */
  #taken: (() => void) | undefined;

  override _read(): void {
    const taken = this.#taken;
    this.#taken = undefined;
    taken?.();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.other?.deliver(chunk, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.other?.deliver(null, done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    const other = this.other;
    this.other = undefined;
    if (other !== undefined && !other.destroyed) process.nextTick(() => other.destroy());
    done(error);
  }

  deliver(chunk: Buffer | null, done: () => void): void {
    if (this.destroyed) {
      done();
      return;
    }
    // A reader that is full takes the chunk, but the writer hears of it only when more is asked for.
    if (this.push(chunk) || chunk === null) done();
    else this.#taken = done;
  }
}
