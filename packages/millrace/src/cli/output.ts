import type { Writable } from 'node:stream';
import { type Clock, CodedError, codeOf } from '@millrace/runtime';

const gatherBytes = 128 * 1024;

/**
 * Small pieces in, big writes out: at the latest at the end of the turn, so that nothing waits for more to come. A reader that goes away (`| head`) is no failure: `readerGone` aborts, and what is
 * written afterwards goes nowhere. Any other failure of the stream rejects the next call that waits for it.
 */
export class Output {
  readonly #stream: Writable;
  readonly #clock: Clock;
  readonly #gone = new AbortController();
  readonly #onError = (error: Error): void => this.#fail(error);
  #buffer = Buffer.allocUnsafeSlow(gatherBytes);
  #used = 0;
  #passIsDue = false;
  #failure: Error | undefined;
  #resume: (() => void) | undefined;

  constructor(stream: Writable, clock: Clock) {
    this.#stream = stream;
    this.#clock = clock;
    stream.on('error', this.#onError);
  }

  get readerGone(): AbortSignal {
    return this.#gone.signal;
  }

  /** Copies the pieces; a promise when the stream needs a rest before more. */
  write(pieces: readonly Uint8Array[]): Promise<void> | undefined {
    for (const piece of pieces) this.#copy(piece);
    if (!this.#passIsDue) this.#passAtEndOfTurn();
    return this.#needsRest() ? this.#rested() : undefined;
  }

  /** Resolves once everything written before is the system's. */
  async flushed(): Promise<void> {
    this.#pass();
    if (this.#works()) await this.#settled((done) => this.#stream.write('', done));
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Resolves once everything is the system's; lets go of the stream, which stays open. */
  async end(): Promise<void> {
    try {
      await this.flushed();
    } finally {
      this.#stream.off('error', this.#onError);
    }
  }

  #copy(piece: Uint8Array): void {
    let from = 0;
    while (from < piece.byteLength) {
      const count = Math.min(piece.byteLength - from, gatherBytes - this.#used);
      this.#buffer.set(count === piece.byteLength ? piece : piece.subarray(from, from + count), this.#used);
      this.#used += count;
      from += count;
      if (this.#used === gatherBytes) this.#pass();
    }
  }

  #passAtEndOfTurn(): void {
    this.#passIsDue = true;
    this.#clock.endOfTurn(() => {
      this.#passIsDue = false;
      this.#pass();
    });
  }

  #pass(): void {
    if (this.#used === 0) return;
    const gathered = this.#buffer.subarray(0, this.#used);
    const isSmall = this.#used < gatherBytes / 2;
    const chunk = isSmall ? Buffer.from(gathered) : gathered;
    if (!isSmall) this.#buffer = Buffer.allocUnsafeSlow(gatherBytes);
    this.#used = 0;
    if (this.#works()) this.#stream.write(chunk);
  }

  #works(): boolean {
    return this.#failure === undefined && !this.#gone.signal.aborted;
  }

  #needsRest(): boolean {
    return this.#failure !== undefined || (this.#works() && this.#stream.writableNeedDrain);
  }

  async #rested(): Promise<void> {
    while (this.#works() && this.#stream.writableNeedDrain) {
      await this.#settled((done) => this.#stream.once('drain', done));
    }
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Until `start` calls back, or the stream fails: then nothing calls back any more. */
  #settled(start: (done: () => void) => void): Promise<void> {
    return new Promise((resolve) => {
      this.#resume = resolve;
      start(() => resolve());
    });
  }

  #fail(error: Error): void {
    if (codeOf(error) === 'EPIPE') this.#gone.abort();
    else this.#failure = cannotWrite(error);
    this.#resume?.();
  }
}

function cannotWrite(cause: Error): Error {
  return new CodedError(codeOf(cause) ?? 'EIO', `stdout takes no more: ${cause.message}`, { cause });
}
