import type { AssignedPartition } from './assigned-partition.ts';
import type { ConsumerRecord } from './config.ts';
import type { FetchedBatches, LoadedCodecs } from './fetched-batches.ts';
import type { InHand } from './in-hand.ts';
import { RecordCursor, type Serdes } from './record-cursor.ts';

/** What a reading needs of its consumer. */
export interface ReadingSource {
  readonly isClosed: boolean;
  readonly codecs: LoadedCodecs;
  /** What is fetched of the next of these partitions that has something; undefined: none has. Throws the failure of one of them. */
  take(
    isMine: (partition: AssignedPartition) => boolean,
  ): { readonly partition: AssignedPartition; readonly batches: FetchedBatches } | undefined;
  /** Resolves when something has changed. Rejects when consuming has failed as a whole. */
  changed(): Promise<void>;
  /** Whether records of this partition may be handed out at this moment. */
  mayHandOut(partition: AssignedPartition): boolean;
  /** What was not handed out is fetched again: a record that could not be decoded is met again. */
  rewind(partition: AssignedPartition): void;
  ended(reading: OpenReading): void;
}

/** What a consumer needs of its readings, whatever they read. */
export interface OpenReading {
  /** Whether a record of this partition is being worked on. */
  holds(partition: AssignedPartition): boolean;
  /** Hands out nothing more. Idempotent. */
  end(): void;
}

/** At most so many records are handed out together. */
const largestBatch = 5_000;

/** One pass over some partitions of a consumer, record by record or many together. */
export class Reading<Key, Value> implements OpenReading {
  readonly #source: ReadingSource;
  readonly #isMine: (partition: AssignedPartition) => boolean;
  readonly #serdes: Serdes<Key, Value>;
  readonly #inHand: InHand;
  #cursor: RecordCursor<Key, Value> | undefined;
  #ended = false;

  constructor(
    source: ReadingSource,
    isMine: (partition: AssignedPartition) => boolean,
    serdes: Serdes<Key, Value>,
    inHand: InHand,
  ) {
    this.#source = source;
    this.#isMine = isMine;
    this.#serdes = serdes;
    this.#inHand = inHand;
  }

  holds(partition: AssignedPartition): boolean {
    return this.#inHand.holds(partition);
  }

  records(): AsyncIterableIterator<ConsumerRecord<Key, Value>> {
    return this.#iterator(() => this.#takeOne());
  }

  batches(): AsyncIterableIterator<readonly ConsumerRecord<Key, Value>[]> {
    return this.#iterator(() => this.#takeMany());
  }

  #iterator<Item>(take: () => Item | undefined): AsyncIterableIterator<Item> {
    return {
      next: () => {
        try {
          const item = this.#next(take);
          return item === undefined ? this.#later(take) : Promise.resolve({ value: item, done: false });
        } catch (error) {
          return Promise.reject(error as Error);
        }
      },
      return: () => {
        this.end();
        return Promise.resolve({ value: undefined, done: true });
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  #next<Item>(take: () => Item | undefined): Item | undefined {
    this.#inHand.asked();
    if (this.#ended || this.#source.isClosed) return undefined;
    return take();
  }

  async #later<Item>(take: () => Item | undefined): Promise<IteratorResult<Item>> {
    for (;;) {
      if (this.#ended || this.#source.isClosed) {
        this.end();
        return { value: undefined, done: true };
      }
      const item = take();
      if (item !== undefined) return { value: item, done: false };
      await this.#source.changed();
    }
  }

  #takeOne(): ConsumerRecord<Key, Value> | undefined {
    for (let cursor = this.#current(); cursor !== undefined; cursor = this.#current()) {
      const record = this.#decoded(cursor);
      if (record !== undefined) {
        this.#handOut(cursor, record.offset + 1);
        return record;
      }
      this.#finish(cursor);
    }
    return undefined;
  }

  #takeMany(): readonly ConsumerRecord<Key, Value>[] | undefined {
    for (let cursor = this.#current(); cursor !== undefined; cursor = this.#current()) {
      const records: ConsumerRecord<Key, Value>[] = [];
      while (records.length < largestBatch) {
        const record = this.#decoded(cursor, records);
        if (record === undefined) break;
        records.push(record);
        this.#handOut(cursor, record.offset + 1);
      }
      if (records.length > 0) return records;
      this.#finish(cursor);
    }
    return undefined;
  }

  /**
   * The next record. One that cannot be decoded is fetched anew, so that whoever goes on meets it again; its error is
   * thrown at once, or, after records that go first, with the next question.
   */
  #decoded(
    cursor: RecordCursor<Key, Value>,
    before: readonly ConsumerRecord<Key, Value>[] = [],
  ): ConsumerRecord<Key, Value> | undefined {
    try {
      return cursor.next();
    } catch (error) {
      this.#cursor = undefined;
      this.#source.rewind(cursor.partition);
      if (before.length === 0) throw error;
      return undefined;
    }
  }

  /** The cursor at work, if its partition may still be handed out, or the next. */
  #current(): RecordCursor<Key, Value> | undefined {
    const cursor = this.#cursor;
    if (cursor !== undefined && !cursor.isStale) {
      if (this.#source.mayHandOut(cursor.partition)) return cursor;
      // Paused or to be given back: it must not hold up the others.
      this.#source.rewind(cursor.partition);
    }
    this.#cursor = undefined;
    const taken = this.#source.take(this.#isMine);
    if (taken !== undefined)
      this.#cursor = new RecordCursor(taken.partition, taken.batches, this.#serdes, this.#source.codecs);
    return this.#cursor;
  }

  #handOut({ partition, key }: RecordCursor<Key, Value>, end: number): void {
    partition.handedOut = end;
    this.#inHand.handOut(partition, end, key);
  }

  #finish(cursor: RecordCursor<Key, Value>): void {
    cursor.partition.handedOut = cursor.nextOffset;
    this.#inHand.reached(cursor.partition, cursor.nextOffset);
    this.#cursor = undefined;
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#inHand.ended();
    // Whoever iterates again goes on after what was handed out.
    if (this.#cursor?.isStale === false) this.#source.rewind(this.#cursor.partition);
    this.#cursor = undefined;
    this.#source.ended(this);
  }
}
