import type { Offset } from '@millrace/record';
import { hasCode, type World } from '@millrace/runtime';
import type { LogConfig } from '../config.ts';
import { logError, reasonOf } from '../errors.ts';
import type { LogMark } from '../flusher.ts';
import type { Compacted } from '../log.ts';
import type { ProducerState } from '../producer-state.ts';
import type { Segment } from '../segment.ts';
import { newestTimestamp } from '../timestamp-search.ts';
import { type CleanerCheckpoint, writeCleanerCheckpoint } from './cleaner-checkpoint.ts';
import { CleaningPass, type PassOptions } from './cleaning-pass.ts';
import { CompactionTotals } from './compaction-totals.ts';
import { GroupCleaner } from './group-cleaner.ts';
import { type CleanedSegment, discardCleaned, type ReplacingLog, replaceSegments } from './replacement.ts';

/** What the compactor needs from the log it compacts. */
export interface CompactedLog extends ReplacingLog {
  readonly config: LogConfig;
  readonly producers: ProducerState;
  readonly flushed: LogMark;
  readonly failure: Error | undefined;
  /** Callers hold what lies from here on: it stays as it is. */
  readonly heldFrom: Offset;
  /** Durable on return: at the next opening nothing below the flushed mark is taken for torn. */
  writeCheckpoints(): Promise<void>;
  /** Runs alone among those that rename and remove segments' files. */
  exclusively<T>(work: () => Promise<T>): Promise<T>;
}

/** Compaction of one log, a run at a time. */
export class Compactor {
  readonly #log: CompactedLog;
  readonly #world: World;
  /** Ends a run early, and is caught where that began. */
  readonly #givenUp = new Error('this run of compaction was given up');
  #checkpoint: CleanerCheckpoint;
  #running: Promise<Compacted> | undefined;
  #givingUp = 0;
  /** Where what could be compacted ended in a run that came no further than the one before. */
  #stuckAt: Offset | undefined;

  constructor(log: CompactedLog, checkpoint: CleanerCheckpoint, world: World) {
    this.#log = log;
    this.#world = world;
    this.#checkpoint = checkpoint;
  }

  get checkpoint(): CleanerCheckpoint {
    return this.#checkpoint;
  }

  /** The contract is `Log.compact`. Whoever asks while a run is under way is answered by that run. */
  compact(): Promise<Compacted> {
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  /**
   * Whether a run is worth its while by itself: enough of what could be compacted was not yet, or a tombstone may go; and
   * something has changed since a run that came no further.
   */
  async isDue(): Promise<boolean> {
    const now = this.#world.clock.now();
    const { cleanedUpTo, nextHorizonMs } = this.#checkpoint;
    if (nextHorizonMs !== undefined && now >= nextHorizonMs) return true;
    const segments = await this.#compactable(now);
    if (segments.at(-1)?.nextOffset === this.#stuckAt) return false;
    let dirtyBytes = 0;
    let bytes = 0;
    for (const { nextOffset, sizeInBytes } of segments) {
      bytes += sizeInBytes;
      if (nextOffset > cleanedUpTo) dirtyBytes += sizeInBytes;
    }
    return dirtyBytes > 0 && dirtyBytes >= bytes * this.#log.config.minCleanableDirtyRatio;
  }

  /** Whether time alone may bring a run about: something is sealed and not clean, or a tombstone waits. */
  get mayBecomeDue(): boolean {
    const { cleanedUpTo, nextHorizonMs } = this.#checkpoint;
    const { active } = this.#log.segments;
    return (
      nextHorizonMs !== undefined || (cleanedUpTo < active.baseOffset && this.#stuckAt !== active.baseOffset)
    );
  }

  /** Ends a run that is under way, after the step it is at, and resolves when there is none. */
  async giveUp(): Promise<void> {
    this.#givingUp += 1;
    try {
      await this.#running;
    } catch {
      // Whoever asked for the run is told.
    } finally {
      this.#givingUp -= 1;
    }
  }

  /** Called before what lies from `offset` on is cut off, while no run is under way. Durable on return. */
  async beforeTruncation(offset: Offset): Promise<void> {
    if (this.#checkpoint.cleanedUpTo > offset) await this.#note({ cleanedUpTo: offset });
  }

  async #run(): Promise<Compacted> {
    const now = this.#world.clock.now();
    const segments = await this.#compactable(now);
    const end = segments.at(-1)?.nextOffset ?? 0;
    const { cleanedUpTo, nextHorizonMs } = this.#checkpoint;
    const from = Math.min(Math.max(cleanedUpTo, segments[0]?.baseOffset ?? 0), end);
    const totals = new CompactionTotals(segments);
    const isDue = nextHorizonMs !== undefined && now >= nextHorizonMs;
    const pass = new CleaningPass(this.#passOptions(segments, from, now), this.#world);
    if (segments.length === 0 || (from === end && !isDue)) return totals.result(cleanedUpTo, pass.leftAlone);
    for (const segment of segments) segment.acquire();
    try {
      await this.#log.writeCheckpoints();
      await pass.map();
      await this.#rewrite(segments, pass, totals);
      await this.#note({ cleanedUpTo: pass.cleanedUpTo, nextHorizonMs: totals.nextHorizonMs });
      this.#stuckAt = pass.cleanedUpTo === cleanedUpTo ? end : undefined;
    } catch (error) {
      if (error !== this.#givenUp) throw this.#failed(error);
    } finally {
      for (const segment of segments) segment.release();
    }
    return totals.result(this.#checkpoint.cleanedUpTo, pass.leftAlone);
  }

  /** The sealed segments that are flushed, not held, and old enough. */
  async #compactable(now: number): Promise<Segment[]> {
    const { segments, flushed, heldFrom, config } = this.#log;
    const compactable: Segment[] = [];
    for (const segment of segments.all) {
      // The flusher may still be writing the index of the one at its mark.
      if (segment.baseOffset >= flushed.segment.baseOffset || segment.nextOffset > heldFrom) break;
      const lag = config.minCompactionLagMs;
      if (lag > 0 && (await newestTimestamp(segment)) > now - lag) break;
      compactable.push(segment);
    }
    const still = new Set(segments.all);
    return compactable.filter((segment) => still.has(segment));
  }

  /** From here on every batch begins where the one before it ended. */
  get gapsBelow(): Offset {
    return this.#checkpoint.gapsBelow;
  }

  #passOptions(segments: readonly Segment[], from: Offset, now: number): PassOptions {
    const { config, producers } = this.#log;
    const producerBatches = new Set<Offset>();
    for (const { batches } of producers.entries.values()) {
      for (const { lastOffset } of batches) producerBatches.add(lastOffset);
    }
    return {
      segments,
      from,
      now,
      producerBatches,
      gapsBelow: this.#checkpoint.gapsBelow,
      memoryBytes: config.compactionMemoryBytes,
      deleteRetentionMs: config.deleteRetentionMs,
      check: () => this.#check(),
    };
  }

  /** Group by group, the oldest first: what a tombstone deletes is gone before the tombstone may go. */
  async #rewrite(segments: readonly Segment[], pass: CleaningPass, totals: CompactionTotals): Promise<void> {
    const concerned = segments.filter(({ baseOffset }) => baseOffset < pass.mappedTo);
    let at = 0;
    while (at < concerned.length) {
      if (pass.leftAlone.has(concerned[at] as Segment)) {
        at += 1;
        continue;
      }
      const group = new GroupCleaner(pass, this.#log.path, this.#log.config, this.#world);
      const outcome = await group.clean(concerned.slice(at));
      if (outcome === 'unreadable') continue;
      if (outcome !== 'unchanged') {
        await this.#log.exclusively(() => this.#replace(group.sources, outcome));
        totals.replaced(group.sources, outcome.segment);
      }
      totals.gone(group.count);
      at += group.sources.length;
    }
  }

  async #replace(sources: readonly Segment[], cleaned: CleanedSegment): Promise<void> {
    const { nextOffset } = cleaned.segment;
    try {
      this.#check();
      // Retention may have been faster.
      if (!this.#log.segments.holds(sources)) throw this.#givenUp;
      if (nextOffset > this.#checkpoint.gapsBelow) await this.#note({ gapsBelow: nextOffset });
      await replaceSegments(this.#log, sources, cleaned, this.#world);
    } catch (error) {
      await discardCleaned(cleaned, this.#world);
      throw error;
    }
  }

  #check(): void {
    if (this.#log.failure !== undefined) throw this.#log.failure;
    if (this.#givingUp > 0) throw this.#givenUp;
  }

  async #note(change: Partial<CleanerCheckpoint>): Promise<void> {
    const checkpoint = { ...this.#checkpoint, ...change };
    await writeCleanerCheckpoint(this.#log.path, checkpoint, this.#world.files);
    this.#checkpoint = checkpoint;
  }

  #failed(error: unknown): unknown {
    if (hasCode(error, 'LOG_FAILED')) return error;
    return logError('LOG_FAILED', `compacting ${this.#log.path} failed: ${reasonOf(error)}`, {
      cause: error,
      retriable: true,
      hint: 'what was compacted so far stays so; the next run goes on',
    });
  }
}
