import type { BatchHeader, Offset } from '@millrace/record';
import type { CodedError, World } from '@millrace/runtime';
import { assign, findRepetition, headersOf, PendingAppend } from './append-assignment.ts';
import { type LogConfig, largestPosition } from './config.ts';
import { type LogErrorCode, logError, reasonOf } from './errors.ts';
import type { LeaderEpochs } from './leader-epochs.ts';
import type { Appended } from './log.ts';
import { encodeProducerSnapshot } from './producer-snapshot.ts';
import type { ProducerState } from './producer-state.ts';
import type { Segment } from './segment.ts';
import type { SegmentList } from './segment-list.ts';

/** How often producers that fell silent are looked for. */
const expireEveryMs = 60 * 60 * 1000;
/** How much one write carries at most; a larger append goes alone. */
const writeBytes = 1024 * 1024;
/** Errors after which the same write may succeed: space or descriptors can come back. */
const passing = new Set(['ENOSPC', 'EDQUOT', 'EFBIG', 'EMFILE', 'ENFILE']);

/** Appends that are written with one call, all into one segment. */
class WriteGroup {
  /** The segment to begin before writing. */
  readonly rollsTo: { readonly baseOffset: Offset; readonly snapshot: Buffer } | undefined;
  readonly appends: PendingAppend[] = [];
  readonly chunks: Buffer[] = [];
  byteLength = 0;

  constructor(rollsTo?: { readonly baseOffset: Offset; readonly snapshot: Buffer }) {
    this.rollsTo = rollsTo;
  }
}

/** What the appender needs from the log it writes. */
export interface AppenderLog {
  readonly config: LogConfig;
  readonly segments: SegmentList;
  readonly producers: ProducerState;
  readonly epochs: LeaderEpochs;
  readonly path: string;
  /** Called before the first write, once. */
  beforeFirstWrite(): Promise<void>;
  createSegment(baseOffset: Offset): Promise<Segment>;
  /** The end moved. */
  published(): void;
  /** Assigned offsets from `endOffset` on have been taken back. */
  takenBack(endOffset: Offset): void;
  /** What was half written cannot be cut away. */
  fail(error: Error): void;
}

/**
 * The one writer of a log. Offsets are assigned when `append` is called, in call order; what arrives in one turn of the
 * event loop, or while a write is under way, is written with the next single write, then published and answered.
 */
export class Appender {
  readonly #log: AppenderLog;
  readonly #world: World;
  #groups: WriteGroup[] = [];
  /** As assigned, ahead of what is written: the next offset, and where in which segment it goes. */
  #nextOffset: Offset;
  #nextPosition: number;
  #segmentBase: Offset;
  /** Segment → the largest timestamp of its first batch, as far as it is known. */
  readonly #firstTimestamps = new Map<Offset, number>();
  #refusal: Error | undefined;
  #begun = false;
  #expired: number;
  #scheduled = false;
  #writing = false;
  #idle: (() => void)[] = [];

  /** `firstTimestamp`: of the first batch of the active segment, if there is one. */
  constructor(log: AppenderLog, world: World, firstTimestamp: number | undefined) {
    this.#log = log;
    this.#world = world;
    this.#expired = world.clock.now();
    const { active } = log.segments;
    this.#nextOffset = active.nextOffset;
    this.#nextPosition = active.sizeInBytes;
    this.#segmentBase = active.baseOffset;
    if (firstTimestamp !== undefined) this.#firstTimestamps.set(active.baseOffset, firstTimestamp);
  }

  /** The end once all that was appended is written. */
  get nextOffset(): Offset {
    return this.#nextOffset;
  }

  /** Whether this log was written to since it was opened. */
  get begun(): boolean {
    return this.#begun;
  }

  /** Throws, or returns what settles with the write. The bytes are the log's from now on. */
  append(batches: Buffer, leaderEpoch: number): Promise<Appended> {
    if (this.#refusal !== undefined) throw this.#refusal;
    const { config, producers, epochs } = this.#log;
    const headers = headersOf(batches, config.maxBatchBytes);
    const now = this.#world.clock.now();
    if (now - this.#expired >= expireEveryMs) this.#expire(now);
    const before = findRepetition(headers, producers);
    if (before !== undefined) return this.#answerRepetition(before.baseOffset, before.lastOffset, now);
    const group = this.#groupFor(batches.length, headers);
    const pending = assign(
      batches,
      headers,
      { baseOffset: this.#nextOffset, position: this.#nextPosition, leaderEpoch, now },
      producers,
      epochs,
    );
    if (this.#nextPosition === 0)
      this.#firstTimestamps.set(this.#segmentBase, headers[0]?.maxTimestamp ?? -1);
    this.#nextOffset = pending.appended.lastOffset + 1;
    this.#nextPosition += batches.length;
    group.chunks.push(batches);
    group.byteLength += batches.length;
    group.appends.push(pending);
    this.#wake();
    return pending.promise;
  }

  /** The next append goes into a segment of its own; resolves once that is there, or could not be made. */
  roll(): Promise<void> {
    if (this.#nextPosition === 0) return Promise.resolve();
    this.#roll();
    this.#wake();
    return this.drained();
  }

  /** Throws this at whoever appends, until `resume`. */
  refuse(error: Error): void {
    this.#refusal = error;
  }

  /** Goes on where the log ends now. Nothing is queued. */
  resume(): void {
    this.#refusal = undefined;
    this.#goBackTo(this.#log.segments.active);
  }

  /** Whether nothing is queued or being written. */
  get idle(): boolean {
    return this.#groups.length === 0 && !this.#writing;
  }

  /** Resolves once everything that was appended is written or rejected. */
  drained(): Promise<void> {
    if (this.idle) return Promise.resolve();
    return new Promise((resolve) => {
      this.#idle.push(resolve);
    });
  }

  /** Rejects what is queued; the caller sees to it that nothing more is appended. */
  abandon(error: Error): void {
    const groups = this.#groups;
    this.#groups = [];
    for (const group of groups) for (const append of group.appends) append.reject(error);
  }

  /** A repetition of what is not yet written shares its fate. */
  #answerRepetition(baseOffset: Offset, lastOffset: Offset, now: number): Promise<Appended> {
    const appended = { baseOffset, lastOffset, appendTime: now, duplicate: true };
    if (lastOffset < this.#log.segments.active.nextOffset) return Promise.resolve(appended);
    const pending = new PendingAppend(appended);
    this.#lastGroup().appends.push(pending);
    this.#wake();
    return pending.promise;
  }

  /** The group that takes so many bytes, after a roll where the segment is full. */
  #groupFor(byteLength: number, headers: readonly BatchHeader[]): WriteGroup {
    let records = 0;
    for (const header of headers) records += header.lastOffset - header.baseOffset + 1;
    const full =
      this.#nextPosition + byteLength > this.#log.config.segmentBytes ||
      this.#nextOffset + records - 1 - this.#segmentBase > largestPosition ||
      this.#isTooYoung(headers);
    if (full && this.#nextPosition > 0) return this.#roll();
    const group = this.#lastGroup();
    if (group.byteLength === 0 || group.byteLength + byteLength <= writeBytes) return group;
    return this.#addGroup(new WriteGroup());
  }

  /** For the active segment, which would hold records too far apart to be kept or deleted together. */
  #isTooYoung(headers: readonly BatchHeader[]): boolean {
    const first = this.#firstTimestamps.get(this.#segmentBase) ?? -1;
    if (first < 0) return false;
    return headers.some(({ maxTimestamp }) => maxTimestamp - first > this.#log.config.segmentMs);
  }

  #roll(): WriteGroup {
    const { producers, segments } = this.#log;
    this.#expire(this.#world.clock.now());
    for (const base of this.#firstTimestamps.keys())
      if (base < segments.active.baseOffset) this.#firstTimestamps.delete(base);
    this.#segmentBase = this.#nextOffset;
    this.#nextPosition = 0;
    return this.#addGroup(
      new WriteGroup({ baseOffset: this.#nextOffset, snapshot: encodeProducerSnapshot(producers) }),
    );
  }

  #expire(now: number): void {
    this.#log.producers.expire(now);
    this.#expired = now;
  }

  #lastGroup(): WriteGroup {
    return this.#groups.at(-1) ?? this.#addGroup(new WriteGroup());
  }

  #addGroup(group: WriteGroup): WriteGroup {
    this.#groups.push(group);
    return group;
  }

  #wake(): void {
    if (this.#writing || this.#scheduled) return;
    this.#scheduled = true;
    this.#world.clock.endOfTurn(() => {
      this.#scheduled = false;
      this.#writing = true;
      this.#writeAll().then(
        () => this.#rest(),
        (error: unknown) => this.#log.fail(brokenInvariant(error)),
      );
    });
  }

  #rest(): void {
    this.#writing = false;
    // Whoever was answered last may have appended again at once.
    if (this.#groups.length > 0) {
      this.#wake();
      return;
    }
    const idle = this.#idle;
    this.#idle = [];
    for (const resolve of idle) resolve();
  }

  async #writeAll(): Promise<void> {
    for (;;) {
      const group = this.#groups.shift();
      if (group === undefined) return;
      try {
        await this.#write(group);
      } catch (error) {
        await this.#takeBack(group, error);
        continue;
      }
      for (const append of group.appends) append.resolve();
    }
  }

  async #write(group: WriteGroup): Promise<void> {
    const { segments, config } = this.#log;
    if (!this.#begun) {
      await this.#log.beforeFirstWrite();
      this.#begun = true;
    }
    if (group.rollsTo !== undefined) {
      const segment = await this.#log.createSegment(group.rollsTo.baseOffset);
      segment.snapshot = group.rollsTo.snapshot;
      segments.add(segment);
    }
    if (group.chunks.length === 0) return;
    const { active } = segments;
    const position = await active.file.append(group.chunks);
    if (position !== active.sizeInBytes) {
      throw new Error(`${active.path} was written at ${position}, but ends at ${active.sizeInBytes}`);
    }
    for (const append of group.appends) {
      for (const batch of append.batches) active.publish(batch, config.indexIntervalBytes);
    }
    this.#log.published();
  }

  #goBackTo(active: Segment): void {
    this.#nextOffset = active.nextOffset;
    this.#nextPosition = active.sizeInBytes;
    this.#segmentBase = active.baseOffset;
    for (const base of this.#firstTimestamps.keys())
      if (base > active.baseOffset || active.sizeInBytes === 0) this.#firstTimestamps.delete(base);
  }

  /** Undoes all that was assigned behind the published end, then cuts away what was half written. */
  async #takeBack(failed: WriteGroup, cause: unknown): Promise<void> {
    const { segments, producers, epochs, path } = this.#log;
    const appends = [failed, ...this.#groups].flatMap((group) => group.appends);
    this.#groups = [];
    for (const append of appends.toReversed()) {
      for (const undo of append.producers.toReversed()) producers.undo(undo);
      if (append.epochs !== undefined) epochs.restore(append.epochs);
    }
    const { active } = segments;
    this.#goBackTo(active);
    this.#log.takenBack(active.nextOffset);
    const error = writeFailed(path, cause);
    for (const append of appends) append.reject(error);
    try {
      await active.file.truncate(active.sizeInBytes);
    } catch (truncateError) {
      this.#log.fail(
        logError(
          'LOG_FAILED',
          `${active.path} cannot be cut back after a failed write: ${reasonOf(truncateError)}`,
          {
            cause: truncateError,
            hint: 'the log is read-only until it is opened again',
          },
        ),
      );
    }
  }
}

function writeFailed(path: string, cause: unknown): CodedError<LogErrorCode> {
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : '';
  return logError('LOG_FAILED', `writing to ${path} failed: ${reasonOf(cause)}`, {
    cause,
    retriable: passing.has(code),
    ...(code === 'ENOSPC' || code === 'EDQUOT' ? { hint: 'free some space: writing resumes by itself' } : {}),
  });
}

function brokenInvariant(cause: unknown): Error {
  return logError('LOG_FAILED', `the log stopped writing: ${reasonOf(cause)}`, { cause });
}
