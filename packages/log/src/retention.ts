import type { Offset } from '@millrace/record';
import type { World } from '@millrace/runtime';
import { isDeletedByRetention, type LogConfig } from './config.ts';
import type { Deleted } from './log.ts';
import type { Segment } from './segment.ts';
import type { SegmentList } from './segment-list.ts';
import { newestTimestamp } from './timestamp-search.ts';

/** What retention needs from the log. */
export interface RetainedLog {
  readonly config: LogConfig;
  readonly segments: SegmentList;
  readonly flushedOffset: Offset;
  /** What lies from here on is still needed. */
  readonly heldFrom: Offset;
  readonly sizeInBytes: number;
  /** Begins a new segment, so that the one before can go. */
  roll(): Promise<void>;
  dropHead(startOffset: Offset): Promise<readonly Segment[]>;
}

/**
 * Deletion by age and size, never by who has read what. Whole segments, the oldest first; a segment is as old as its
 * youngest record. Time is the wall clock's at opening, and goes on by the monotonic one: a wall clock that jumps
 * ahead while the log is open deletes nothing (after the next opening it is believed), one that is set back is believed
 * at once. A record stamped in the future keeps its segment until then.
 */
export class Retention {
  readonly #log: RetainedLog;
  readonly #world: World;
  readonly #opened: { readonly wallMs: number; readonly monotonicMs: number };

  constructor(log: RetainedLog, world: World) {
    this.#log = log;
    this.#world = world;
    this.#opened = { wallMs: world.clock.now(), monotonicMs: world.clock.monotonic() };
  }

  async apply(): Promise<Deleted> {
    if (!isDeletedByRetention(this.#log.config)) return { segments: 0, bytes: 0 };
    const { active } = this.#log.segments;
    // A log that nobody writes to any more ends up empty, too.
    if (active.sizeInBytes > 0 && (await this.#isOld(active)) && this.#isFree(active.nextOffset))
      await this.#log.roll();
    const until = await this.#firstKept();
    if (until === undefined) return { segments: 0, bytes: 0 };
    const dropped = await this.#log.dropHead(until);
    return {
      segments: dropped.length,
      bytes: dropped.reduce((sum, { sizeInBytes }) => sum + sizeInBytes, 0),
    };
  }

  /** Where the log is to begin; undefined: where it does. */
  async #firstKept(): Promise<Offset | undefined> {
    const { segments, config } = this.#log;
    const { all } = segments;
    let until: Offset | undefined;
    let bytes = this.#log.sizeInBytes;
    for (const [at, segment] of all.slice(0, -1).entries()) {
      const next = (all[at + 1] as Segment).baseOffset;
      const isTooMuch = config.retentionBytes >= 0 && bytes - segment.sizeInBytes >= config.retentionBytes;
      if (!this.#isFree(next) || !(isTooMuch || (await this.#isOld(segment)))) break;
      bytes -= segment.sizeInBytes;
      until = next;
    }
    return until;
  }

  /** Whether what lies below `offset` is flushed, and nobody holds it. */
  #isFree(offset: Offset): boolean {
    return offset <= this.#log.flushedOffset && offset <= this.#log.heldFrom;
  }

  async #isOld(segment: Segment): Promise<boolean> {
    const { retentionMs } = this.#log.config;
    if (retentionMs < 0) return false;
    const youngest = await newestTimestamp(segment);
    return youngest >= 0 && this.#now() - youngest > retentionMs;
  }

  #now(): number {
    const { clock } = this.#world;
    const { wallMs, monotonicMs } = this.#opened;
    return Math.min(clock.now(), wallMs + clock.monotonic() - monotonicMs);
  }
}
