import type { LogRecord, NewRecord, Offset } from '@millrace/record';
import type { ByteRange } from '@millrace/runtime';

/**
 * One ever-growing log: a list of segment files, a message addressed by its offset.
 *
 * Three marks are never confused: `startOffset` (the oldest record kept), `endOffset` (in the page cache: survives the
 * process) and `flushedOffset` (survives a power cut). `startOffset <= flushedOffset <= endOffset`, always.
 *
 * One process writes a log. `append*` may be called concurrently: offsets are assigned in call order, when called, and
 * published once the bytes are written. Reads capture the end once and never wait for writers.
 */
export interface Log extends AsyncDisposable {
  readonly startOffset: Offset;
  /** The next offset to be written. */
  readonly endOffset: Offset;
  /** Everything below survives a power cut. */
  readonly flushedOffset: Offset;
  /** Of all segments. */
  readonly sizeInBytes: number;
  /** The epoch of the last batch or of the last `startEpoch`; -1 when there was none. */
  readonly latestLeaderEpoch: number;
  /** Set once a write or a flush has failed: appends reject with LOG_FAILED, reads go on. */
  readonly failure: Error | undefined;

  // For embedders: records in, records out.

  /** Writes one batch, all or nothing; resolves once it is in the page cache (`flush` for more). INVALID_RECORD without a key where the log is compacted; RECORD_TOO_LARGE, LOG_FAILED, LOG_CLOSED. */
  append(records: NewRecord | readonly NewRecord[]): Promise<Appended>;
  /**
   * Records from `from` (default: the oldest) to the end at the time of asking, or with `follow` until the signal aborts
   * or the log closes, which end it without an error. OFFSET_OUT_OF_RANGE; CORRUPT_MESSAGE with `details.nextOffset`.
   */
  records(options?: RecordsOptions): AsyncIterable<LogRecord>;

  // For brokers: batches as they are.

  /**
   * Takes the bytes over (the caller never touches them again) and stamps offsets and epoch in place. `batches` is one
   * or more whole batches, already verified with `verifyBatch`. Offsets and producer state are settled before this
   * returns its promise. CORRUPT_MESSAGE, RECORD_TOO_LARGE, OUT_OF_ORDER_SEQUENCE, INVALID_PRODUCER_EPOCH, LOG_FAILED, LOG_CLOSED.
   */
  appendBatches(batches: Buffer, options: { leaderEpoch: number }): Promise<Appended>;
  /**
   * Batches from the one that holds `from`, as they lie in the file: at least one whole batch when there is one below
   * `upTo` (default: the end), then as many whole ones as memory knows to fit in `maxBytes`. Empty at the end.
   * OFFSET_OUT_OF_RANGE; CORRUPT_MESSAGE where the file is damaged: `details` has file, position and nextOffset.
   */
  read(from: Offset, limit: { maxBytes: number; upTo?: Offset }): Promise<LogSlice>;
  /** Bytes that `read` could deliver between two offsets, from indexes in memory alone: an estimate for parked fetches, never 0 when there are any. */
  bytesBetween(from: Offset, upTo: Offset): number;
  /** The first record with a timestamp at or after `timestamp`; undefined when there is none. */
  offsetForTimestamp(timestamp: number): Promise<{ offset: Offset; timestamp: number } | undefined>;

  /** Starts an epoch at the end offset, durably, also when no record follows. RangeError below the latest; LOG_FAILED, LOG_CLOSED. */
  startEpoch(leaderEpoch: number): Promise<void>;
  /** Where an epoch ends: KIP-279's answer (the largest epoch at or below the asked one, and the offset where the next begins). */
  endOffsetForEpoch(leaderEpoch: number): { leaderEpoch: number; endOffset: Offset } | undefined;

  /** Makes a flush due at once; resolves when all that was appended before the call survives a power cut. LOG_FAILED. */
  flush(): Promise<void>;
  /**
   * Drops the head: nothing below `offset` is read any more, durably on return; files that hold nothing else go once
   * their last reader has let go. OFFSET_OUT_OF_RANGE beyond what is flushed or held; LOG_FAILED, LOG_CLOSED.
   */
  deleteBefore(offset: Offset): Promise<void>;
  /**
   * Drops the tail, durably: the log ends at `offset`, or before the batch that holds it; producers and epochs are as they
   * were then. Waits for readers of what goes; appends are refused meanwhile. For a follower that ran ahead: what a
   * high watermark has passed is the caller's to keep. OFFSET_OUT_OF_RANGE outside the log; LOG_FAILED, LOG_CLOSED.
   */
  truncateTo(offset: Offset): Promise<void>;
  /** Deletes what `retentionMs` and `retentionBytes` no longer keep, now; a log with either does so by itself. LOG_FAILED, LOG_CLOSED. */
  applyRetention(): Promise<Deleted>;
  /** Applies to the open log, all but `identity`. */
  configure(options: LogOptions): void;
  /**
   * Goes once through what is flushed and no longer written to: of each key only the newest record stays there. Offsets
   * stay, with gaps; records without a key stay; a tombstone stays for `deleteRetentionMs` after the run that compacted
   * it. Segments that are damaged or whose codec is missing stay as they are. Done in steps, each of which survives a crash;
   * closing ends it early without an error. RangeError unless `cleanupPolicy` says compact; LOG_FAILED, LOG_CLOSED.
   */
  compact(): Promise<Compacted>;
  /** Keeps what lies from `offset` on from compaction and retention, until it is moved or released. */
  hold(offset: Offset): LogHold;
  /** Called after `endOffset` or `flushedOffset` moved, or the log failed or closed, once per turn at most; returns how to stop it. */
  onAdvance(listener: () => void): () => void;
  /** Flushes, writes the checkpoints and the clean-shutdown marker, closes. Idempotent. */
  close(): Promise<void>;
}

export interface Appended {
  readonly baseOffset: Offset;
  readonly lastOffset: Offset;
  /** ms since the epoch. */
  readonly appendTime: number;
  /** The batch was here already (same producer, epoch and sequence); the offsets are the old ones. */
  readonly duplicate: boolean;
}

/** What a caller still needs of a log, such as what lies above a high watermark. */
export interface LogHold {
  /** In either direction; what was let go of before may be gone. */
  moveTo(offset: Offset): void;
  /** Idempotent. */
  release(): void;
}

/** What retention took away. */
export interface Deleted {
  readonly segments: number;
  readonly bytes: number;
}

/** What a run of compaction did. */
export interface Compacted {
  /** Of the segments that could be compacted, before and after. */
  readonly bytesBefore: number;
  readonly bytesAfter: number;
  /** Of the segments that were gone through. */
  readonly recordsKept: number;
  readonly recordsRemoved: number;
  /** Below, no key has two records. Less than could be when memory did not hold all keys, or a segment was left alone. */
  readonly cleanedUpTo: Offset;
  readonly leftAlone: readonly { readonly path: string; readonly reason: string }[];
}

export interface RecordsOptions {
  from?: Offset;
  follow?: boolean;
  signal?: AbortSignal;
}

/** Undecoded batches of one segment; the first may begin before the asked offset. The reader releases it. */
export interface LogSlice extends ByteRange {
  /** Of the first batch; the asked offset when empty. */
  readonly baseOffset: Offset;
}

export interface LogOptions {
  /** Roll to a new segment beyond this size. 1 GiB. */
  segmentBytes?: number;
  /** Roll to a new segment when the batch to append is so much younger than the first one. 7 days. */
  segmentMs?: number;
  /** An index entry every so many bytes. 4 KiB. */
  indexIntervalBytes?: number;
  /** The largest batch taken. 1 MiB + 64 KiB. */
  maxBatchBytes?: number;
  /** Delays a flush that nobody waits for, for so long or until so many records wait; 0: a flush runs or is queued whenever there are unflushed bytes. 0. */
  flush?: { everyMs: number; everyRecords?: number };
  /** Whole segments go once their youngest record is older than this, unless `cleanupPolicy` is `compact`; -1: never. -1. */
  retentionMs?: number;
  /** The oldest segments go while the others hold at least so much; -1: never. -1. */
  retentionBytes?: number;
  /** How the log is kept from growing for ever: `compact` keeps the newest record of each key. `delete`. */
  cleanupPolicy?: 'delete' | 'compact' | 'compact,delete';
  /** How long a tombstone stays after it was compacted: as long as the slowest reader may take for the log. 1 day. */
  deleteRetentionMs?: number;
  /** Records younger than this are not compacted. 0. */
  minCompactionLagMs?: number;
  /** A compacted log compacts itself once this share of its sealed bytes was not compacted yet. 0.5. */
  minCleanableDirtyRatio?: number;
  /**
   * What one run of compaction may take to remember keys, 24 bytes each: taken as needed. Logs of one directory that compact
   * themselves do so one after another. 128 MiB.
   */
  compactionMemoryBytes?: number;
  /** Written into the directory at first opening; opened later only for the same identity: FOREIGN_LOG. */
  identity?: string;
}
