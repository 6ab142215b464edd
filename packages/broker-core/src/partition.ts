import type { Appended, Log, LogHold, LogSlice } from '@millrace/log';
import { type Offset, verifyBatch } from '@millrace/record';
import { hasCode, type Logger } from '@millrace/runtime';
import { apiError } from './errors.ts';
import type { KeyCheck } from './key-check.ts';
import { type FollowerProgress, highWatermark } from './replica-progress.ts';

/** `flushed`: consumers see, and acks all waits for, what survives a power cut; `process`: what survives the process. */
export type Durability = 'flushed' | 'process';

export interface PartitionOptions {
  readonly topic: string;
  readonly topicId: string;
  readonly index: number;
  readonly leaderEpoch: number;
  readonly inSyncReplicas: readonly number[];
  readonly limits: AppendLimits;
  readonly durability: Durability;
  /** Its own, open, with the epoch started. The partition never closes it. */
  readonly log: Log;
  /** Of the log; kept at the high watermark, so that neither retention nor compaction reaches what lies above. */
  readonly hold: LogHold;
  readonly logger: Logger;
  /** "This partition advanced", failed or closed: the one signal upwards. */
  readonly onAdvance: (partition: Partition) => void;
}

/** What of the topic's configuration is looked at when records come in. */
export interface AppendLimits {
  readonly maxBatchBytes: number;
  /** Where every record needs a key: what looks for them. */
  readonly keys: KeyCheck | undefined;
}

/** Followers come with replication; until then the leader is the only replica. */
const noFollowers: readonly FollowerProgress[] = [];

/**
 * A partition led by this broker under one leader epoch: its log, its high watermark, appending and reading. When the
 * leadership ends it is closed and another one begins.
 */
export class Partition {
  readonly topic: string;
  readonly topicId: string;
  readonly index: number;
  readonly leaderEpoch: number;
  inSyncReplicas: readonly number[];
  limits: AppendLimits;
  readonly #durability: Durability;
  readonly #log: Log;
  readonly #hold: LogHold;
  readonly #onAdvance: (partition: Partition) => void;
  readonly #stopListening: () => void;
  readonly #logger: Logger;
  readonly #stamp: { readonly leaderEpoch: number };
  #highWatermark: Offset;
  #leads = true;
  #flushing = false;
  /** The disk refused the last that was written. */
  #isRefused = false;

  constructor(options: PartitionOptions) {
    this.topic = options.topic;
    this.topicId = options.topicId;
    this.index = options.index;
    this.leaderEpoch = options.leaderEpoch;
    this.inSyncReplicas = options.inSyncReplicas;
    this.limits = options.limits;
    this.#durability = options.durability;
    this.#log = options.log;
    this.#hold = options.hold;
    this.#logger = options.logger;
    this.#onAdvance = options.onAdvance;
    this.#stamp = { leaderEpoch: options.leaderEpoch };
    this.#highWatermark = this.#mark();
    this.#hold.moveTo(this.#highWatermark);
    this.#stopListening = options.log.onAdvance(() => this.#advance());
  }

  /** `orders-0` */
  get name(): string {
    return `${this.topic}-${this.index}`;
  }

  /** false once closed: whatever waits for it can stop. */
  get leads(): boolean {
    return this.#leads;
  }

  get logStartOffset(): Offset {
    return this.#log.startOffset;
  }

  get logEndOffset(): Offset {
    return this.#log.endOffset;
  }

  /** What consumers may see ends here. */
  get highWatermark(): Offset {
    return this.#highWatermark;
  }

  /** Set once a write or flush failed: it takes no more, and the high watermark stays. */
  get failure(): Error | undefined {
    return this.#log.failure;
  }

  /**
   * Checks every batch and hands all to the log, in this very turn. Throws CORRUPT_MESSAGE, MESSAGE_TOO_LARGE,
   * INVALID_RECORD or INVALID_REQUEST before anything is appended; rejects as the log does.
   */
  append(batches: Buffer): Promise<Appended> {
    const { maxBatchBytes, keys } = this.limits;
    let position = 0;
    do {
      const header = verifyBatch(batches, position);
      if (header.sizeInBytes > maxBatchBytes) throw this.#tooLarge(header.sizeInBytes);
      if (header.isControl || header.isTransactional) throw this.#transactional();
      const end = position + header.sizeInBytes;
      keys?.check(batches.subarray(position, end), header, this.topic);
      position = end;
    } while (position < batches.length);
    return this.#watched(this.#log.appendBatches(batches, this.#stamp));
  }

  /** OFFSET_OUT_OF_RANGE unless the offset lies in the log or at its end. */
  checkOffset(offset: Offset): void {
    const { startOffset, endOffset } = this.#log;
    if (offset >= startOffset && offset <= endOffset) return;
    throw apiError(
      'OFFSET_OUT_OF_RANGE',
      `offset ${offset} is outside [${startOffset}, ${endOffset}] of ${this.name}`,
    );
  }

  /** Bytes that a read from `offset` would find, about; never 0 when there are any. */
  available(offset: Offset): number {
    return offset < this.#highWatermark ? this.#log.bytesBetween(offset, this.#highWatermark) : 0;
  }

  /** What consumers may see from `offset` on: at least one whole batch, if there is any. The reader releases it. */
  read(offset: Offset, maxBytes: number): Promise<LogSlice> {
    return this.#log.read(offset, { maxBytes, upTo: this.#highWatermark });
  }

  /** The first record at or after `timestamp` that consumers may see. */
  async offsetForTimestamp(timestamp: number): Promise<{ offset: Offset; timestamp: number } | undefined> {
    const found = await this.#log.offsetForTimestamp(timestamp);
    return found !== undefined && found.offset < this.#highWatermark ? found : undefined;
  }

  endOffsetForEpoch(leaderEpoch: number): { leaderEpoch: number; endOffset: Offset } | undefined {
    return this.#log.endOffsetForEpoch(leaderEpoch);
  }

  /** Somebody waits for the high watermark: if a flush moves it, that flush is due at once. */
  flushDue(): void {
    if (this.#flushing || this.#durability === 'process') return;
    if (this.#log.flushedOffset >= this.#log.endOffset || this.failure !== undefined) return;
    this.#flushing = true;
    this.#log.flush().then(
      () => this.#flushed(),
      () => this.#flushed(), // the log keeps its failure, and whoever waits for the flush looks for it there
    );
  }

  /** Resolves when everything appended so far is below the high watermark, or the log has failed. */
  async settle(): Promise<void> {
    if (this.#durability === 'flushed' && this.failure === undefined) {
      await this.#log.flush().catch((error: unknown) => {
        if (this.failure === undefined) throw error;
      });
    }
    this.#advance();
  }

  /** Ends the leadership; the log stays open. */
  close(): void {
    if (!this.#leads) return;
    this.#leads = false;
    this.#stopListening();
    this.#onAdvance(this);
  }

  #flushed(): void {
    this.#flushing = false;
    if (this.failure === undefined) this.#advance();
    else if (this.#leads) this.#onAdvance(this);
  }

  /**
   * Clients try again and again: what the disk says is told once, and once when it is over. Of a failure that lasts the
   * log tells itself.
   */
  #watched(appending: Promise<Appended>): Promise<Appended> {
    appending.then(
      () => {
        if (!this.#isRefused) return;
        this.#isRefused = false;
        this.#logger.warn({ log: this.name }, 'the disk takes records of a partition again');
      },
      (error: unknown) => {
        if (hasCode(error, 'LOG_FAILED') && this.failure === undefined) this.#refused(error);
      },
    );
    return appending;
  }

  #refused(error: Error): void {
    if (this.#isRefused) return;
    this.#isRefused = true;
    this.#logger.error({ error, log: this.name }, 'the disk does not take records of a partition');
  }

  #advance(): void {
    if (!this.#leads) return;
    this.#highWatermark = highWatermark(this.#highWatermark, this.#mark(), noFollowers);
    this.#hold.moveTo(this.#highWatermark);
    this.#onAdvance(this);
  }

  #mark(): Offset {
    return this.#durability === 'flushed' ? this.#log.flushedOffset : this.#log.endOffset;
  }

  #tooLarge(sizeInBytes: number): Error {
    return apiError(
      'MESSAGE_TOO_LARGE',
      `a batch of ${sizeInBytes} bytes is over the limit of ${this.limits.maxBatchBytes} bytes of ${this.topic}`,
      'raise max.message.bytes of the topic, or send smaller records',
    );
  }

  #transactional(): Error {
    return apiError('INVALID_REQUEST', `${this.name} takes no transactional and no control batches`);
  }
}
