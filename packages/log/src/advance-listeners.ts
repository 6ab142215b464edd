import type { Clock } from '@millrace/runtime';

/** Those who want to know that a log has moved: told once for all that happened in a turn of the event loop. */
export class AdvanceListeners {
  readonly #clock: Clock;
  readonly #listeners = new Set<() => void>();
  #scheduled = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Returns how to stop it. A listener that is added twice is called twice. */
  add(listener: () => void): () => void {
    const entry = (): void => listener();
    this.#listeners.add(entry);
    return () => {
      this.#listeners.delete(entry);
    };
  }

  announce(): void {
    if (this.#scheduled || this.#listeners.size === 0) return;
    this.#scheduled = true;
    this.#clock.endOfTurn(() => {
      this.#scheduled = false;
      for (const listener of [...this.#listeners]) listener();
    });
  }
}
