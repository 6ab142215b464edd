import { BatchBuilder, type NewRecord } from '@millrace/record';
import type { Delivery } from './config.ts';

/** Who waits for a record. */
export interface Waiting {
  resolve(delivery: Delivery): void;
  reject(error: Error): void;
}

/** In the name of which producer, and from which sequence on, a batch is written. */
export interface Sequence {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly baseSequence: number;
}

const noSequence: Sequence = Object.freeze({ producerId: -1, producerEpoch: -1, baseSequence: -1 });

/** Records of one partition that are sent, acknowledged and retried together. */
export class ProducerBatch {
  readonly topic: string;
  readonly partition: number;
  /** On the monotonic clock, ms: after this it is given up. */
  readonly deadline: number;
  /** How often it was sent under its present sequence. */
  attempts = 0;
  /** Some attempt ended without anybody knowing how. */
  mayBeWritten = false;
  /** Why its last attempt failed. */
  lastError: unknown;
  /** Counts the batches of its partition in the order of their first sending, from 1; 0: not sent yet. */
  order = 0;
  /** Resolves once acknowledged or given up. */
  readonly settled: Promise<void>;
  readonly #waiting: Waiting[] = [];
  #builder: BatchBuilder | undefined;
  #bytes: Buffer | undefined;
  #bufferedBytes = 0;
  #settle: () => void = () => {};

  constructor(place: { topic: string; partition: number }, deadline: number, builder: BatchBuilder | Buffer) {
    this.topic = place.topic;
    this.partition = place.partition;
    this.deadline = deadline;
    this.settled = new Promise((resolve) => {
      this.#settle = resolve;
    });
    if (builder instanceof BatchBuilder) this.#builder = builder;
    else {
      this.#bytes = builder;
      this.#bufferedBytes = builder.length;
    }
  }

  get recordCount(): number {
    return this.#waiting.length;
  }

  /** What it takes of the producer's buffer. */
  get bufferedBytes(): number {
    return this.#bufferedBytes;
  }

  /** Whether the record found room. RECORD_TOO_LARGE, INVALID_RECORD. */
  tryAppend(record: NewRecord, timestamp: number, waiting: Waiting): boolean {
    if (this.#builder?.tryAppend(record, timestamp) !== true) return false;
    this.#waiting.push(waiting);
    this.#bufferedBytes = this.#builder.sizeInBytes;
    return true;
  }

  /** For a ready-made batch: `waiting` hears of its first record. */
  await(recordCount: number, waiting: Waiting): void {
    this.#waiting.length = recordCount;
    this.#waiting[0] = waiting;
  }

  /** Its bytes under this sequence. */
  stamped(sequence: Sequence | undefined, stamp: (bytes: Buffer, sequence: Sequence) => void): Buffer {
    if (this.#bytes !== undefined) stamp(this.#bytes, sequence ?? noSequence);
    else this.#bytes = this.#builder?.build(sequence ?? noSequence) ?? Buffer.alloc(0);
    this.#builder = undefined;
    return this.#bytes;
  }

  /** As stamped; the sender's own, which is never handed over. */
  get bytes(): Buffer {
    if (this.#bytes === undefined) throw new Error('a batch was asked for its bytes before it was stamped');
    return this.#bytes;
  }

  acknowledge(baseOffset: number): void {
    const { topic, partition } = this;
    for (let i = 0; i < this.#waiting.length; i += 1)
      this.#waiting[i]?.resolve({ topic, partition, offset: baseOffset < 0 ? -1 : baseOffset + i });
    this.#settle();
  }

  giveUp(error: Error): void {
    for (const waiting of this.#waiting) waiting?.reject(error);
    this.#settle();
  }
}
