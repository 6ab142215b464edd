import type { Offset } from '@millrace/record';
import type { Timer, World } from '@millrace/runtime';
import type { LogConfig } from './config.ts';
import { logError, reasonOf } from './errors.ts';
import type { FlushJob, FlushScheduler } from './flush-scheduler.ts';
import type { Segment } from './segment.ts';
import type { SegmentList } from './segment-list.ts';

/** A place between two batches, kept as what a reader needs to find it. */
export interface LogMark {
  readonly offset: Offset;
  readonly segment: Segment;
  readonly position: number;
}

/** What the flusher needs from the log it flushes. */
export interface FlusherLog {
  readonly config: LogConfig;
  readonly segments: SegmentList;
  readonly path: string;
  /** `flushed` moved. */
  flushedMoved(): void;
  /** A segment that will not grow any more is on disk. */
  sealed(segment: Segment, next: Segment): Promise<void>;
  /** A sync failed: what is on disk from here on is unknown. */
  fail(error: Error): void;
}

interface Waiter {
  target: Offset;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/**
 * Sees to it that while a log has unflushed bytes, a flush of it runs or is queued. What is appended during one flush
 * is covered by the next. Segments are synced in order, so that the flushed mark never leaves a gap behind.
 */
export class Flusher implements FlushJob {
  readonly #log: FlusherLog;
  readonly #scheduler: FlushScheduler;
  readonly #world: World;
  #flushed: LogMark;
  #waiters: Waiter[] = [];
  #state: 'idle' | 'queued' | 'running' = 'idle';
  #delay: Timer | undefined;
  #failure: Error | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(log: FlusherLog, scheduler: FlushScheduler, world: World) {
    this.#log = log;
    this.#scheduler = scheduler;
    this.#world = world;
    const { active } = log.segments;
    this.#flushed = { offset: active.nextOffset, segment: active, position: active.sizeInBytes };
  }

  get flushed(): LogMark {
    return this.#flushed;
  }

  /** Called when the end has moved. */
  advanced(): void {
    if (this.#state === 'running' || this.#failure !== undefined) return;
    if (this.#waiters.length > 0) {
      this.#request(true);
      return;
    }
    const { everyMs, everyRecords = Number.POSITIVE_INFINITY } = this.#log.config.flush;
    const waiting = this.#log.segments.active.nextOffset - this.#flushed.offset;
    if (everyMs === 0 || waiting >= everyRecords) this.#request(false);
    else this.#delay ??= this.#world.clock.after(everyMs, () => this.#due());
  }

  /** Resolves when everything below `target` is flushed; rejects when it never will be. */
  waitFor(target: Offset): Promise<void> {
    if (target <= this.#flushed.offset) return Promise.resolve();
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#waiters.push({ target, resolve, reject });
      if (this.#state !== 'running' && this.#unflushed) this.#request(true);
    });
  }

  /** Offsets from `endOffset` on were taken back: nobody needs to wait for them. */
  takenBack(endOffset: Offset): void {
    for (const waiter of this.#waiters) waiter.target = Math.min(waiter.target, endOffset);
    this.#settle();
  }

  /** The log ends here now. Nothing behind it is flushed, and nobody waits for it. */
  truncated(end: LogMark): void {
    if (end.offset <= this.#flushed.offset) this.#flushed = end;
    this.takenBack(end.offset);
  }

  /** Everything is flushed up to here, which is where the log now ends. */
  restart(end: LogMark): void {
    this.#flushed = end;
  }

  /** Freezes the mark for good. */
  fail(error: Error): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    this.#delay?.cancel();
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) waiter.reject(error);
  }

  run(): Promise<void> {
    this.#running = this.#run();
    return this.#running;
  }

  /** Resolves when no flush is under way. */
  settled(): Promise<void> {
    return this.#running;
  }

  async #run(): Promise<void> {
    this.#state = 'running';
    this.#delay?.cancel();
    this.#delay = undefined;
    try {
      if (this.#failure === undefined) await this.#flush();
    } catch (error) {
      this.#log.fail(
        logError('LOG_FAILED', `flushing ${this.#log.path} failed: ${reasonOf(error)}`, {
          cause: error,
          hint: 'what was not flushed before may be lost; the log is read-only until it is opened again',
        }),
      );
    }
    this.#state = 'idle';
    if (this.#unflushed) this.advanced();
  }

  get #unflushed(): boolean {
    return this.#flushed.offset < this.#log.segments.active.nextOffset;
  }

  #due(): void {
    this.#delay = undefined;
    if (this.#state === 'idle' && this.#unflushed && this.#failure === undefined) this.#request(false);
  }

  #request(urgent: boolean): void {
    if (this.#state === 'queued' && !urgent) return;
    this.#state = 'queued';
    this.#scheduler.request(this, urgent);
  }

  /** Up to the end as it is now. */
  async #flush(): Promise<void> {
    const { segments } = this.#log;
    const { active } = segments;
    const end = { offset: active.nextOffset, segment: active, position: active.sizeInBytes };
    for (const segment of segments.from(this.#flushed.segment.baseOffset)) {
      if (segment.baseOffset > active.baseOffset) break;
      await this.#syncSegment(segment);
      const next = segments.after(segment);
      this.#move(
        segment === active ? end : { offset: segment.nextOffset, segment, position: segment.sizeInBytes },
      );
      if (next !== undefined && segment !== active) await this.#log.sealed(segment, next);
    }
  }

  async #syncSegment(segment: Segment): Promise<void> {
    if (!segment.nameDurable) {
      await this.#world.files.syncDirectory(this.#log.path);
      segment.nameDurable = true;
    }
    await segment.file.sync();
  }

  #move(mark: LogMark): void {
    if (this.#failure !== undefined) return;
    const moved = mark.offset > this.#flushed.offset;
    this.#flushed = mark;
    this.#settle();
    if (moved) this.#log.flushedMoved();
  }

  #settle(): void {
    const { offset } = this.#flushed;
    if (!this.#waiters.some((waiter) => waiter.target <= offset)) return;
    const waiters = this.#waiters;
    this.#waiters = waiters.filter((waiter) => waiter.target > offset);
    for (const waiter of waiters) if (waiter.target <= offset) waiter.resolve();
  }
}
