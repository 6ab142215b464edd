import type { Clock, Timer } from '@millrace/runtime';

/** Ids that were given to clients which have not joined with them yet. */
export class PromisedIds {
  readonly #clock: Clock;
  readonly #onForgotten: () => void;
  readonly #timers = new Map<string, Timer>();

  /** `onForgotten`: nobody joined with an id in time. */
  constructor(clock: Clock, onForgotten: () => void) {
    this.#clock = clock;
    this.#onForgotten = onForgotten;
  }

  get size(): number {
    return this.#timers.size;
  }

  has(memberId: string): boolean {
    return this.#timers.has(memberId);
  }

  promise(memberId: string, forMs: number): void {
    const timer = this.#clock.after(forMs, () => {
      this.#timers.delete(memberId);
      this.#onForgotten();
    });
    this.#timers.set(memberId, timer);
  }

  /** false when it was not promised, or not any more. */
  take(memberId: string): boolean {
    const timer = this.#timers.get(memberId);
    timer?.cancel();
    return this.#timers.delete(memberId);
  }

  clear(): void {
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
  }
}
