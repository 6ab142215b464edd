/**
 * The thread of a program's life: every call to its world passes here, is counted, and has no answer once the program
 * is dead. What dies with a process (its timers, locks, open files) is let go at that moment.
 */
export class Life {
  #calls = 0;
  #lastCall = Number.POSITIVE_INFINITY;
  #ended = false;
  readonly #atEnd = new Set<() => void>();

  get calls(): number {
    return this.#calls;
  }

  get ended(): boolean {
    return this.#ended;
  }

  endAt(call: number): void {
    this.#lastCall = call;
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const letGo of this.#atEnd) letGo();
    this.#atEnd.clear();
  }

  /** Runs at the end, unless the returned function is called before. */
  atEnd(letGo: () => void): () => void {
    if (this.#ended) letGo();
    else this.#atEnd.add(letGo);
    return () => void this.#atEnd.delete(letGo);
  }

  /** Counts a call; false when the program did not live to make it. */
  step(): boolean {
    if (this.#ended) return false;
    this.#calls++;
    if (this.#calls >= this.#lastCall) this.end();
    return !this.#ended;
  }

  /** A call whose answer comes later, or never. */
  ask<Answer>(call: () => Promise<Answer>): Promise<Answer> {
    const made = this.step();
    return new Promise((resolve, reject) => {
      if (!made) return;
      call().then(
        (answer) => {
          if (!this.#ended) resolve(answer);
        },
        (error: unknown) => {
          if (!this.#ended) reject(error as Error);
        },
      );
    });
  }
}
