import type { AssignedPartition } from './assigned-partition.ts';

/** Says what is done. */
type Processed = (partition: AssignedPartition, offset: number) => void;

/** Which of the records that were handed out are not done yet, and when they are. */
export interface InHand {
  /** A record that ends at `end` goes out; `key` as it was written. */
  handOut(partition: AssignedPartition, end: number, key: Buffer | null): void;
  /** The reader asks for more. */
  asked(): void;
  /** Nothing lies between what was handed out last and `nextOffset`. */
  reached(partition: AssignedPartition, nextOffset: number): void;
  /** Whether a record of this partition is being worked on. */
  holds(partition: AssignedPartition): boolean;
  /** The reading has ended. */
  ended(): void;
}

/** Asking for more says that what was handed out before is done. */
export class OneInHand implements InHand {
  readonly #processed: Processed;
  #last: { readonly partition: AssignedPartition; readonly end: number; readonly seeks: number } | undefined;

  constructor(processed: Processed) {
    this.#processed = processed;
  }

  handOut(partition: AssignedPartition, end: number): void {
    this.#last = { partition, end, seeks: partition.seeks };
  }

  asked(): void {
    const last = this.#last;
    this.#last = undefined;
    // After a seek it is the caller's word that counts, not where we were.
    if (last !== undefined && last.seeks === last.partition.seeks) this.#processed(last.partition, last.end);
  }

  reached(partition: AssignedPartition, nextOffset: number): void {
    this.#processed(partition, nextOffset);
  }

  holds(partition: AssignedPartition): boolean {
    return this.#last?.partition === partition;
  }

  /** What is in hand is not done: whoever stops in the middle sees it again. */
  ended(): void {
    this.#last = undefined;
  }
}

/** A record that somebody works on. */
export interface Held {
  readonly partition: AssignedPartition;
  readonly key: Buffer | null;
}

interface Entry extends Held {
  readonly end: number;
  readonly seeks: number;
  isDone: boolean;
}

/** Each record is done when its worker says so; a partition is done up to the first record that is not. */
export class ManyInHand implements InHand {
  readonly #processed: Processed;
  /** By partition, in the order of their offsets. */
  readonly #entries = new Map<AssignedPartition, Entry[]>();
  #latest: Entry | undefined;

  constructor(processed: Processed) {
    this.#processed = processed;
  }

  /** What was handed out last. */
  get latest(): Held | undefined {
    return this.#latest;
  }

  handOut(partition: AssignedPartition, end: number, key: Buffer | null): void {
    this.#latest = { partition, key, end, seeks: partition.seeks, isDone: false };
    this.#of(partition).push(this.#latest);
  }

  asked(): void {}

  reached(partition: AssignedPartition, nextOffset: number): void {
    this.#of(partition).push({ partition, key: null, end: nextOffset, seeks: partition.seeks, isDone: true });
    this.#advance(partition);
  }

  done(held: Held): void {
    (held as Entry).isDone = true;
    this.#advance(held.partition);
  }

  holds(partition: AssignedPartition): boolean {
    return this.#entries.get(partition)?.some(({ isDone }) => !isDone) === true;
  }

  /** Those who work go on, and what they do counts. */
  ended(): void {}

  #advance(partition: AssignedPartition): void {
    const entries = this.#entries.get(partition);
    if (entries === undefined) return;
    let offset = partition.processed;
    while (entries[0]?.isDone === true) {
      const { end, seeks } = entries.shift() as Entry;
      if (seeks === partition.seeks) offset = Math.max(offset, end);
    }
    if (entries.length === 0) this.#entries.delete(partition);
    // Also when it has not moved: who takes the partition away waits for the last to be done.
    this.#processed(partition, offset);
  }

  #of(partition: AssignedPartition): Entry[] {
    const known = this.#entries.get(partition);
    if (known !== undefined) return known;
    const entries: Entry[] = [];
    this.#entries.set(partition, entries);
    return entries;
  }
}
