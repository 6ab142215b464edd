import type { GroupPlace, OffsetStore, StoredEntry } from './offset-store.ts';

interface Waiting {
  readonly entries: readonly StoredEntry[];
  resolve(): void;
  reject(error: unknown): void;
}

/** Appends in the order it is asked; what comes while an append is under way goes together in the next. */
export class EntryWriter {
  readonly #store: OffsetStore;
  readonly #place: GroupPlace;
  #waiting: Waiting[] = [];
  #isWriting = false;

  constructor(store: OffsetStore, place: GroupPlace) {
    this.#store = store;
    this.#place = place;
  }

  /** Resolves when the entries are safe. */
  write(entries: readonly StoredEntry[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ entries, resolve, reject });
      if (!this.#isWriting) void this.#writeAll();
    });
  }

  async #writeAll(): Promise<void> {
    this.#isWriting = true;
    while (this.#waiting.length > 0) {
      const taken = this.#waiting;
      this.#waiting = [];
      try {
        await this.#store.append(
          this.#place,
          taken.flatMap(({ entries }) => entries),
        );
        for (const one of taken) one.resolve();
      } catch (error) {
        for (const one of taken) one.reject(error);
      }
    }
    this.#isWriting = false;
  }
}
