import type { LogRecord, NewRecord, Offset } from '@millrace/record';
import type { World } from '@millrace/runtime';
import { AdvanceListeners } from './advance-listeners.ts';
import { Appender } from './appender.ts';
import type { Checkpoints } from './checkpoint.ts';
import { CheckpointKeeper } from './checkpoint-keeper.ts';
import type { CleanerCheckpoint } from './compaction/cleaner-checkpoint.ts';
import { CompactionSchedule } from './compaction/compaction-schedule.ts';
import { Compactor } from './compaction/compactor.ts';
import { requireKeys } from './compaction/required-keys.ts';
import { isCompacted, type LogConfig, resolveLogOptions } from './config.ts';
import { logError, reasonOf } from './errors.ts';
import { Flusher, type LogMark } from './flusher.ts';
import { deleteHead } from './head-deletion.ts';
import { Holds } from './holds.ts';
import { writeIndex } from './index-file.ts';
import { encodeLeaderEpochs, type LeaderEpoch, type LeaderEpochs } from './leader-epochs.ts';
import type {
  Appended,
  Compacted,
  Deleted,
  Log,
  LogHold,
  LogOptions,
  LogSlice,
  RecordsOptions,
} from './log.ts';
import { LogReader } from './log-reader.ts';
import { recoverProducers, writeSnapshot } from './producer-recovery.ts';
import type { ProducerState } from './producer-state.ts';
import { RecordBatcher } from './record-batcher.ts';
import { readRecords } from './records.ts';
import { Retention } from './retention.ts';
import { RetentionSchedule } from './retention-schedule.ts';
import type { Segment } from './segment.ts';
import { createSegment } from './segment-file.ts';
import type { SegmentList } from './segment-list.ts';
import type { SharedWork } from './shared-work.ts';
import { firstRotFrom, writeShutdown } from './shutdown.ts';
import { cutTail, endBefore } from './tail-truncation.ts';
import { offsetForTimestamp } from './timestamp-search.ts';

/** A log as recovery left it. */
export interface OpenedLog {
  readonly directory: string;
  readonly config: LogConfig;
  readonly segments: SegmentList;
  readonly producers: ProducerState;
  readonly epochs: LeaderEpochs;
  readonly checkpoints: Checkpoints;
  readonly cleaner: CleanerCheckpoint;
  /** Whether the clean-shutdown marker is there and true. */
  readonly clean: boolean;
  readonly recoveryPoint: Offset | undefined;
  readonly epochsOnDisk: readonly LeaderEpoch[] | undefined;
  /** Of the first batch of the active segment, if there is one. */
  readonly firstTimestamp: number | undefined;
  /** Called when the log has closed. */
  readonly released: () => Promise<void>;
}

/** A log over segment files: ties writer, flusher, reader and checkpoints together, and answers for all of them. */
export class SegmentedLog implements Log {
  readonly path: string;
  readonly segments: SegmentList;
  readonly epochs: LeaderEpochs;
  readonly #opened: OpenedLog;
  readonly #world: World;
  readonly #appender: Appender;
  readonly #flusher: Flusher;
  readonly #keeper: CheckpointKeeper;
  readonly #reader: LogReader;
  readonly #listeners: AdvanceListeners;
  readonly #compactor: Compactor;
  readonly #compaction: CompactionSchedule;
  readonly #retention: Retention;
  readonly #retaining: RetentionSchedule;
  readonly #batcher = new RecordBatcher();
  readonly #holds = new Holds();
  /** The last of those who change which files there are; each waits for the one before. */
  #renaming: Promise<unknown> = Promise.resolve();
  #producers: ProducerState;
  #config: LogConfig;
  #marked: boolean;
  /** Of producers, in the directory; undefined: it has to be looked. */
  #snapshots: readonly Offset[] | undefined;
  #failure: Error | undefined;
  #closing: Promise<void> | undefined;

  constructor(opened: OpenedLog, shared: SharedWork, world: World) {
    this.path = opened.directory;
    this.segments = opened.segments;
    this.#producers = opened.producers;
    this.epochs = opened.epochs;
    this.#opened = opened;
    this.#config = opened.config;
    this.#marked = opened.clean;
    this.#world = world;
    this.#listeners = new AdvanceListeners(world.clock);
    this.#flusher = new Flusher(this, shared.flushes, world);
    this.#appender = new Appender(this, world, opened.firstTimestamp);
    const { checkpoints, recoveryPoint, epochsOnDisk } = opened;
    const { entries } = opened.epochs;
    const unchanged =
      epochsOnDisk !== undefined && encodeLeaderEpochs(epochsOnDisk) === encodeLeaderEpochs(entries);
    this.#keeper = new CheckpointKeeper(this, checkpoints, shared.flushes, world, {
      recoveryPoint,
      epochs: unchanged ? entries : undefined,
    });
    this.#reader = new LogReader(this, world);
    this.#compactor = new Compactor(this, opened.cleaner, world);
    this.#compaction = new CompactionSchedule(this, this.#compactor, shared.compactions, world);
    this.#compaction.arm();
    this.#retention = new Retention(this, opened.firstTimestamp, world);
    this.#retaining = new RetentionSchedule(this, this.#retention, world);
    this.#retaining.arm();
  }

  get producers(): ProducerState {
    return this.#producers;
  }

  get config(): LogConfig {
    return this.#config;
  }

  get startOffset(): Offset {
    return this.segments.startOffset;
  }

  get endOffset(): Offset {
    return this.segments.active.nextOffset;
  }

  get flushedOffset(): Offset {
    return this.#flusher.flushed.offset;
  }

  get flushed(): LogMark {
    return this.#flusher.flushed;
  }

  get sizeInBytes(): number {
    return this.segments.sizeInBytes;
  }

  get latestLeaderEpoch(): number {
    return this.epochs.latest;
  }

  get failure(): Error | undefined {
    return this.#failure;
  }

  get gapsBelow(): Offset {
    return this.#compactor.gapsBelow;
  }

  get closed(): boolean {
    return this.#closing !== undefined;
  }

  /** What was found rotten behind the recovery point stays behind it, so that each opening finds it again. */
  get recoveryPoint(): Offset {
    return Math.min(this.flushedOffset, this.firstRot ?? Number.POSITIVE_INFINITY);
  }

  get firstRot(): Offset | undefined {
    return firstRotFrom(this.segments.all, this.#opened.recoveryPoint ?? 0);
  }

  append(records: NewRecord | readonly NewRecord[]): Promise<Appended> {
    try {
      const list: readonly NewRecord[] = Array.isArray(records) ? records : [records];
      if (isCompacted(this.#config)) requireKeys(list, this.path);
      const batch = this.#batcher.build(list, this.#config.maxBatchBytes, this.#world.clock.now());
      return this.#append(batch, this.epochs.latest);
    } catch (error) {
      return Promise.reject(error as Error);
    }
  }

  appendBatches(batches: Buffer, options: { leaderEpoch: number }): Promise<Appended> {
    try {
      return this.#append(batches, options.leaderEpoch);
    } catch (error) {
      return Promise.reject(error as Error);
    }
  }

  records(options: RecordsOptions = {}): AsyncIterable<LogRecord> {
    return readRecords(this, options);
  }

  async read(from: Offset, limit: { maxBytes: number; upTo?: Offset }): Promise<LogSlice> {
    this.#checkOpen();
    return this.#reader.read(from, limit);
  }

  /** Looks for damage where a batch that holds or follows `from` turned out not to be sound; answers whether there is any. */
  examine(from: Offset): Promise<boolean> {
    return this.#reader.examine(from);
  }

  bytesBetween(from: Offset, upTo: Offset): number {
    return this.#reader.bytesBetween(from, upTo);
  }

  async offsetForTimestamp(timestamp: number): Promise<{ offset: Offset; timestamp: number } | undefined> {
    this.#checkOpen();
    return offsetForTimestamp(this.segments.all, timestamp, this.startOffset);
  }

  async startEpoch(leaderEpoch: number): Promise<void> {
    this.#checkWritable();
    // An epoch that began behind appends which then fail would begin too late.
    while (!this.#appender.idle) await this.#appender.drained();
    this.#checkWritable();
    if (leaderEpoch < this.epochs.latest) {
      throw new RangeError(`epoch ${leaderEpoch} cannot begin: ${this.epochs.latest} has`);
    }
    this.epochs.start(leaderEpoch, this.endOffset);
    try {
      await this.#keeper.writeEpochs();
    } catch (error) {
      throw logError(
        'LOG_FAILED',
        `the epoch ${leaderEpoch} of ${this.path} could not be written: ${reasonOf(error)}`,
        {
          cause: error,
          retriable: true,
        },
      );
    }
  }

  endOffsetForEpoch(leaderEpoch: number): { leaderEpoch: number; endOffset: Offset } | undefined {
    return this.epochs.endOffsetFor(leaderEpoch, this.endOffset);
  }

  flush(): Promise<void> {
    return this.#flusher.waitFor(this.#appender.nextOffset);
  }

  async deleteBefore(offset: Offset): Promise<void> {
    this.#checkWritable();
    const most = Math.min(this.flushedOffset, this.heldFrom);
    if (!Number.isInteger(offset) || offset > most)
      throw this.#outOfRange(offset, `the head goes up to ${most} at most`);
    await this.dropHead(offset);
  }

  async truncateTo(offset: Offset): Promise<void> {
    this.#checkWritable();
    if (!(Number.isInteger(offset) && offset >= this.startOffset && offset <= this.endOffset))
      throw this.#outOfRange(offset, 'no place to end');
    this.#appender.refuse(logError('LOG_FAILED', `${this.path} is being truncated`, { retriable: true }));
    try {
      while (!this.#appender.idle) await this.#appender.drained();
      await this.#compactor.giveUp();
      await this.exclusively(() => this.#cutBehind(offset));
    } finally {
      this.#appender.resume();
    }
  }

  async applyRetention(): Promise<Deleted> {
    this.#checkWritable();
    return this.#retention.apply();
  }

  async compact(): Promise<Compacted> {
    this.#checkWritable();
    if (!isCompacted(this.#config)) {
      throw new RangeError(
        `${this.path} is not compacted: its cleanupPolicy is ${this.#config.cleanupPolicy}`,
      );
    }
    return this.#compactor.compact();
  }

  hold(offset: Offset): LogHold {
    return this.#holds.add(offset);
  }

  configure(options: LogOptions): void {
    this.#config = resolveLogOptions(options, this.#config);
    this.#compaction.arm();
    this.#retaining.arm();
  }

  onAdvance(listener: () => void): () => void {
    return this.#listeners.add(listener);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  // What the parts ask of the log.

  async beforeFirstWrite(): Promise<void> {
    await this.#opened.checkpoints.removeCleanShutdown();
    this.#marked = false;
  }

  createSegment(baseOffset: Offset): Promise<Segment> {
    return createSegment(this.path, baseOffset, this.#world);
  }

  published(): void {
    this.#flusher.advanced();
    this.#listeners.announce();
  }

  roll(): Promise<void> {
    return this.#appender.roll();
  }

  async dropHead(startOffset: Offset): Promise<readonly Segment[]> {
    const dropped = await deleteHead(this, startOffset, this.#opened.checkpoints, this.#world);
    if (dropped.length > 0) await this.#keeper.writeEpochs();
    return dropped;
  }

  flushedOnlyTo(end: LogMark): void {
    this.#flusher.truncated(end);
  }

  get heldFrom(): Offset {
    return this.#holds.from;
  }

  writeCheckpoints(): Promise<void> {
    return this.#keeper.write();
  }

  exclusively<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#renaming.then(work);
    this.#renaming = mine.catch(() => undefined);
    return mine;
  }

  takenBack(endOffset: Offset): void {
    this.#flusher.takenBack(endOffset);
  }

  flushedMoved(): void {
    this.#keeper.flushedMoved();
    this.#listeners.announce();
  }

  /** Index and snapshot only save time at the next opening: without them it reads the segment. */
  async sealed(segment: Segment, next: Segment): Promise<void> {
    await this.#orWarn('index or snapshot of a full segment could not be written', async () => {
      await writeIndex(this.#world.files, this.path, segment);
      if (next.snapshot === undefined) return;
      const known = this.#snapshots;
      // Should it fail halfway, the directory says what there is.
      this.#snapshots = undefined;
      const { files } = this.#world;
      this.#snapshots = await writeSnapshot(this.path, next.baseOffset, next.snapshot, files, known);
      next.snapshot = undefined;
    });
    this.#compaction.arm();
    this.#retaining.segmentSealed();
  }

  fail(error: Error): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    this.#world.logger.error({ path: this.path, error: reasonOf(error) }, 'the log is read-only from now on');
    this.#flusher.fail(error);
    this.#appender.abandon(error);
    this.#listeners.announce();
  }

  async #cutBehind(offset: Offset): Promise<void> {
    const end = await endBefore(this, offset);
    if (end.offset === this.endOffset) return;
    try {
      await this.#compactor.beforeTruncation(end.offset);
      await this.#flusher.settled();
      const isFlushed = end.offset <= this.flushedOffset;
      this.#snapshots = undefined;
      await cutTail(this, end, this.#world);
      const { active } = this.segments;
      if (isFlushed)
        this.#flusher.restart({ offset: active.nextOffset, segment: active, position: active.sizeInBytes });
      this.#reader.forget();
      this.#producers = await recoverProducers(this.path, this.segments.all, this.epochs, false, this.#world);
    } catch (error) {
      const failure = logError('LOG_FAILED', `truncating ${this.path} stopped halfway: ${reasonOf(error)}`, {
        cause: error,
        hint: 'the log is read-only until it is opened again, which finds where it ends',
      });
      this.fail(failure);
      throw failure;
    }
    this.#listeners.announce();
  }

  #outOfRange(offset: Offset, why: string): Error {
    const { startOffset, endOffset } = this;
    return logError(
      'OFFSET_OUT_OF_RANGE',
      `offset ${offset} of [${startOffset}, ${endOffset}] of ${this.path}: ${why}`,
      {
        details: { offset, startOffset, endOffset },
      },
    );
  }

  #append(batches: Buffer, leaderEpoch: number): Promise<Appended> {
    this.#checkWritable();
    return this.#appender.append(batches, leaderEpoch);
  }

  #checkOpen(): void {
    if (this.closed) throw logError('LOG_CLOSED', `${this.path} is closed`);
  }

  #checkWritable(): void {
    this.#checkOpen();
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #close(): Promise<void> {
    try {
      this.#compaction.stop();
      await this.#retaining.stop();
      await this.#compactor.giveUp();
      await this.#appender.drained();
      const failed = this.#failure;
      if (failed === undefined) await this.#flusher.waitFor(this.endOffset);
      await this.#flusher.settled();
      await this.#keeper.stop();
      if (failed === undefined && !this.#marked) await this.#writeShutdown();
    } finally {
      this.#flusher.fail(logError('LOG_CLOSED', `${this.path} is closed`));
      this.#listeners.announce();
      await this.#closeFiles();
      await this.#opened.released();
    }
  }

  async #writeShutdown(): Promise<void> {
    const { checkpoints } = this.#opened;
    await this.#orWarn('the log was closed, but its checkpoints could not be written', () =>
      writeShutdown(this, checkpoints, () => this.#keeper.write(), this.#world),
    );
  }

  /** A segment that is being read closes when its last reader lets go, which may be long after the log. */
  async #closeFiles(): Promise<void> {
    const closing: Promise<void>[] = [];
    for (const segment of this.segments.all) {
      const isRead = segment.isRead;
      const closed = this.#orWarn('a segment could not be closed', () => segment.close());
      if (!isRead) closing.push(closed);
    }
    await Promise.all(closing);
  }

  async #orWarn(message: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#world.logger.warn({ path: this.path, error: reasonOf(error) }, message);
    }
  }
}
