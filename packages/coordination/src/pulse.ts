/**
 * "Look again" for one reader: any number of `notify` before the reader comes back are one. What it yields is read
 * when it is yielded, so a slow reader sees the latest and never a backlog.
 */
export class Pulse<Value = void> implements AsyncIterableIterator<Value> {
  readonly #read: () => Value;
  readonly #onEnd: () => void;
  readonly #signal: AbortSignal | undefined;
  readonly #abort = (): void => this.end();
  #pending: boolean;
  #state: 'open' | 'finishing' | 'ended';
  readonly #waiting: ((result: IteratorResult<Value, undefined>) => void)[] = [];

  /**
   * `pending`: whether the first `next` yields at once. The pulse ends when `signal` aborts. `onEnd` is called once, when
   * it ends; not when it was born ended, of an aborted signal.
   */
  constructor(
    read: () => Value,
    options: { pending?: boolean; signal?: AbortSignal; onEnd?: () => void } = {},
  ) {
    this.#read = read;
    this.#onEnd = options.onEnd ?? (() => {});
    this.#signal = options.signal;
    this.#state = options.signal?.aborted ? 'ended' : 'open';
    this.#pending = this.#state === 'open' && (options.pending ?? false);
    options.signal?.addEventListener('abort', this.#abort, { once: true });
  }

  get ended(): boolean {
    return this.#state === 'ended';
  }

  notify(): void {
    if (this.#state !== 'open') return;
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#pending = true;
    else waiting({ done: false, value: this.#read() });
  }

  /** Ends after what is pending was read. */
  finish(): void {
    if (this.#state !== 'open') return;
    if (!this.#pending) this.end();
    else this.#state = 'finishing';
  }

  /** Ends at once. Idempotent. */
  end(): void {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    this.#pending = false;
    this.#signal?.removeEventListener('abort', this.#abort);
    for (const waiting of this.#waiting.splice(0)) waiting({ done: true, value: undefined });
    this.#onEnd();
  }

  next(): Promise<IteratorResult<Value, undefined>> {
    if (this.#pending) {
      this.#pending = false;
      const value = this.#read();
      if (this.#state === 'finishing') this.end();
      return Promise.resolve({ done: false, value });
    }
    if (this.#state === 'ended') return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  return(): Promise<IteratorResult<Value, undefined>> {
    this.end();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
