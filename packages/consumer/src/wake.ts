/** Lets any number of waiters sleep until somebody wakes them all. */
export class Wake {
  #waiting: (() => void)[] = [];

  /** Resolves at the next `all`. */
  next(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  all(): void {
    const waiting = this.#waiting;
    if (waiting.length === 0) return;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }
}
