import type { Claim } from '@millrace/coordination';
import type { AssignedPartition } from './assigned-partition.ts';
import type { Assignment } from './assignment.ts';
import type { FetchedBatches, LoadedCodecs } from './fetched-batches.ts';
import type { Fetcher } from './fetcher.ts';
import { type InHand, OneInHand } from './in-hand.ts';
import { type OpenReading, Reading, type ReadingSource } from './reading.ts';
import type { Serdes } from './record-cursor.ts';
import type { Wake } from './wake.ts';

/** What readings need of their consumer. */
export interface ReadingsHost {
  readonly assignment: Assignment;
  readonly fetcher: Fetcher;
  readonly changed: Wake;
  readonly isClosed: boolean;
  /** Whether the group still lets records of this claim be handed out. */
  holds(claim: Claim): boolean;
  /** Begins the work, or resolves when it has begun. Rejects with why it cannot. */
  start(): Promise<void>;
}

/** All passes over a consumer's partitions: fed by turns, in hand of records, ended together. */
export class Readings implements ReadingSource {
  readonly #host: ReadingsHost;
  readonly #open = new Set<OpenReading>();
  #failure: Error | undefined;

  constructor(host: ReadingsHost) {
    this.#host = host;
  }

  open<Key, Value>(
    isMine: (partition: AssignedPartition) => boolean,
    serdes: Serdes<Key, Value>,
    inHand: InHand = new OneInHand(this.processed),
  ): Reading<Key, Value> {
    const reading = new Reading(this, isMine, serdes, inHand);
    this.#open.add(reading);
    return reading;
  }

  /** Whether a record of this partition is being worked on. */
  isInHand(partition: AssignedPartition): boolean {
    return [...this.#open].some((reading) => reading.holds(partition));
  }

  /** Consuming has failed as a whole: every reader is told. */
  fail(error: Error): void {
    this.#failure ??= error;
    this.#host.changed.all();
  }

  endAll(): void {
    for (const reading of this.#open) reading.end();
    this.#host.changed.all();
  }

  // What a reading asks.

  get isClosed(): boolean {
    return this.#host.isClosed;
  }

  get codecs(): LoadedCodecs {
    return this.#host.fetcher.codecs;
  }

  take(
    isMine: (partition: AssignedPartition) => boolean,
  ): { readonly partition: AssignedPartition; readonly batches: FetchedBatches } | undefined {
    const { assignment, fetcher } = this.#host;
    try {
      return assignment.take((partition) => isMine(partition) && this.mayHandOut(partition));
    } finally {
      // There is room again, or a failure to be met again.
      fetcher.pump();
    }
  }

  async changed(): Promise<void> {
    this.#throwFailure();
    const changed = this.#host.changed.next();
    try {
      await this.#host.start();
    } catch (error) {
      if (this.isClosed) return;
      throw error;
    }
    await changed;
    this.#throwFailure();
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  mayHandOut(partition: AssignedPartition): boolean {
    if (partition.paused || partition.revoking || partition.isLost) return false;
    return partition.claim === undefined || this.#host.holds(partition.claim);
  }

  rewind(partition: AssignedPartition): void {
    partition.rewind();
    this.#host.fetcher.pump();
  }

  /** Records below `offset` are done. */
  readonly processed = (partition: AssignedPartition, offset: number): void => {
    if (partition.processed < offset) partition.processed = offset;
    if (partition.revoking) this.#host.changed.all();
  };

  ended(reading: OpenReading): void {
    this.#open.delete(reading);
    this.#host.changed.all();
  }
}
