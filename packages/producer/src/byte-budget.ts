/** Bytes that may be held at once. Whoever finds none left queues up behind those who came before. */
export class ByteBudget {
  readonly #limit: number;
  #held = 0;
  readonly #queue: (() => void)[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** A record may overdraw by itself: what comes after it waits. */
  get hasRoom(): boolean {
    return this.#held < this.#limit && this.#queue.length === 0;
  }

  hold(bytes: number): void {
    this.#held += bytes;
  }

  release(bytes: number): void {
    this.#held -= bytes;
    while (this.#held < this.#limit) {
      const next = this.#queue.shift();
      if (next === undefined) return;
      next();
    }
  }

  /** Calls `enter` in turn, once there is room; it is expected to `hold` at once. Returns how to leave the queue. */
  queue(enter: () => void): () => void {
    this.#queue.push(enter);
    return () => {
      const place = this.#queue.indexOf(enter);
      if (place >= 0) this.#queue.splice(place, 1);
    };
  }
}
