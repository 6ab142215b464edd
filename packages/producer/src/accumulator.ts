import { BatchBuilder, type CompressionCodec, type NewRecord } from '@millrace/record';
import type { Clock } from '@millrace/runtime';
import type { ProducerConfig } from './config.ts';
import { ProducerBatch, type Waiting } from './producer-batch.ts';

/** The most room that a batch is given before it has records for it: they may be few this time. */
const mostExpectedBytes = 64 * 1024;

/** What waits to be sent to one partition: full batches in order, and the one that still grows. */
export class Accumulator {
  readonly #place: { readonly topic: string; readonly partition: number };
  readonly #config: ProducerConfig;
  readonly #codec: CompressionCodec | undefined;
  readonly #clock: Clock;
  readonly #ready: ProducerBatch[] = [];
  #open: ProducerBatch | undefined;
  /** What the batch before the open one came to: most are like the last. */
  #lastBytes = 0;

  constructor(
    place: { readonly topic: string; readonly partition: number },
    config: ProducerConfig,
    codec: CompressionCodec | undefined,
    clock: Clock,
  ) {
    this.#place = place;
    this.#config = config;
    this.#codec = codec;
    this.#clock = clock;
  }

  get isEmpty(): boolean {
    return this.#ready.length === 0 && this.#open === undefined;
  }

  /** The `order` of the next batch: 0 unless it was sent before. */
  get nextOrder(): number {
    return this.#ready[0]?.order ?? 0;
  }

  /** Adds a record; returns the bytes it takes, and whether its batch is full. RECORD_TOO_LARGE, INVALID_RECORD. */
  append(record: NewRecord, waiting: Waiting): { bytes: number; full: boolean } {
    const timestamp = this.#clock.now();
    const before = this.#open?.bufferedBytes ?? 0;
    if (this.#open?.tryAppend(record, timestamp, waiting) === true) return this.#grown(this.#open, before);
    if (this.#open !== undefined) this.#ready.push(this.#open);
    this.#open = undefined;
    const builder = this.#newBuilder();
    const deadline = this.#clock.monotonic() + this.#config.deliveryTimeoutMs;
    const batch = new ProducerBatch(this.#place, deadline, builder);
    batch.tryAppend(record, timestamp, waiting);
    this.#open = batch;
    return this.#grown(batch, 0);
  }

  /** A ready-made batch, behind what is here. */
  add(batch: ProducerBatch): void {
    if (this.#open !== undefined) this.#ready.push(this.#open);
    this.#open = undefined;
    this.#ready.push(batch);
  }

  /** The next to be sent; the one that still grows only if `alsoOpen`. */
  take(alsoOpen: boolean): ProducerBatch | undefined {
    const ready = this.#ready.shift();
    if (ready !== undefined || !alsoOpen) return ready;
    const open = this.#open;
    this.#open = undefined;
    return open;
  }

  /** Back to the front, in their order. */
  putBack(batches: readonly ProducerBatch[]): void {
    this.#ready.unshift(...batches);
  }

  /** Those of which nobody knows whether they are written. */
  takeDoubtful(): readonly ProducerBatch[] {
    const doubtful = this.#ready.filter(({ mayBeWritten }) => mayBeWritten);
    const others = this.#ready.filter(({ mayBeWritten }) => !mayBeWritten);
    this.#ready.splice(0, this.#ready.length, ...others);
    return doubtful;
  }

  /** Those whose time has passed. */
  expired(now: number): ProducerBatch[] {
    const expired: ProducerBatch[] = [];
    while (this.#ready[0] !== undefined && this.#ready[0].deadline <= now)
      expired.push(this.#ready.shift() as ProducerBatch);
    if (this.#ready.length === 0 && this.#open !== undefined && this.#open.deadline <= now) {
      expired.push(this.#open);
      this.#open = undefined;
    }
    return expired;
  }

  /** All of them, in order. */
  get batches(): readonly ProducerBatch[] {
    return this.#open === undefined ? this.#ready : [...this.#ready, this.#open];
  }

  #newBuilder(): BatchBuilder {
    const { maxBatchBytes: maxBytes } = this.#config;
    const expectedBytes = Math.min(this.#lastBytes, mostExpectedBytes);
    return new BatchBuilder({
      maxBytes,
      expectedBytes,
      ...(this.#codec === undefined ? {} : { codec: this.#codec }),
    });
  }

  #grown(batch: ProducerBatch, before: number): { bytes: number; full: boolean } {
    this.#lastBytes = batch.bufferedBytes;
    const full = batch.bufferedBytes >= this.#config.batchBytes;
    if (full) {
      this.#ready.push(batch);
      this.#open = undefined;
    }
    return { bytes: batch.bufferedBytes - before, full };
  }
}
