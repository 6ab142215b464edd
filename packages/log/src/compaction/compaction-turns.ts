/**
 * The logs of one directory compact themselves one after another, first come first served: the memory that one may take
 * is then what all together take.
 */
export class CompactionTurns {
  #last: Promise<void> = Promise.resolve();

  /** Settles as `work` does, once it had its turn. */
  take(work: () => Promise<void>): Promise<void> {
    const mine = this.#last.then(work);
    this.#last = mine.catch(() => undefined);
    return mine;
  }
}
