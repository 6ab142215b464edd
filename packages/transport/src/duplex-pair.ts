import { Duplex } from 'node:stream';

/**
 * Two ends of one stream: what is written to one is read from the other, as a copy, like through a network. An end that
 * goes is, for the other, the end of what it reads.
 */
export function duplexPair(): [Duplex, Duplex] {
  const left = new PairEnd();
  const right = new PairEnd();
  left.connect(right);
  right.connect(left);
  return [left, right];
}

class PairEnd extends Duplex {
  #other: PairEnd | undefined;
  /** Calls back the writer whose chunk has not been asked for yet. */
  #taken: ((error?: Error) => void) | undefined;
  #inputEnded = false;

  connect(other: PairEnd): void {
    this.#other = other;
  }

  override _read(): void {
    const taken = this.#taken;
    this.#taken = undefined;
    taken?.();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#other?.deliver(chunk, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#other?.endInput();
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#taken?.(gone());
    this.#taken = undefined;
    this.#other?.endInput();
    done(error);
  }

  deliver(chunk: Buffer, done: (error?: Error) => void): void {
    if (this.destroyed) done(gone());
    // A reader that is full takes the chunk, but the writer hears of it only when more is asked for.
    else if (this.push(Buffer.from(chunk))) void soon(done);
    else this.#taken = done;
  }

  endInput(): void {
    if (this.#inputEnded || this.destroyed) return;
    this.#inputEnded = true;
    this.push(null);
  }
}

function gone(): Error {
  return Object.assign(new Error('the other end is gone'), { code: 'EPIPE' });
}

async function soon(done: () => void): Promise<void> {
  await Promise.resolve();
  done();
}
