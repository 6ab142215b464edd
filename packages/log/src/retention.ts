import type { Offset } from '@millrace/record';
import type { World } from '@millrace/runtime';
import { isDeletedByRetention, type LogConfig } from './config.ts';
import type { Deleted } from './log.ts';
import type { Segment } from './segment.ts';
import type { SegmentList } from './segment-list.ts';
import { newestTimestamp } from './timestamp-search.ts';

/** What retention needs from the log. */
export interface RetainedLog {
  readonly path: string;
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

/** How far the clock may be ahead of the log at opening and be believed; at least twice what is kept. */
const believableMs = 30 * 24 * 60 * 60 * 1000;

/**
 * Deletion by age and size, never by who has read what. Whole segments, the oldest first; a segment is as old as its
 * youngest record. A clock that jumps ahead must not delete everything: time begins with the wall clock at opening, or
 * with the records then there when that is ahead of them beyond belief, and goes on at most twice as fast as the
 * monotonic clock. A clock that is set back is believed at once. A record stamped in the future keeps its segment until
 * then.
 */
export class Retention {
  readonly #log: RetainedLog;
  readonly #world: World;
  /** What the clocks said at opening. */
  readonly #opened: { readonly wallMs: number; readonly monotonicMs: number };
  /** Of a record that was there at opening. */
  readonly #evidence: () => Promise<number | undefined>;
  #beginMs: number | undefined;

  /** `firstTimestamp`: of the first batch of the active segment at opening, if there was one. */
  constructor(log: RetainedLog, firstTimestamp: number | undefined, world: World) {
    this.#log = log;
    this.#world = world;
    this.#opened = { wallMs: world.clock.now(), monotonicMs: world.clock.monotonic() };
    const sealed = log.segments.all.at(-2);
    this.#evidence = async () => firstTimestamp ?? (sealed && (await newestTimestamp(sealed)));
  }

  async apply(): Promise<Deleted> {
    if (!isDeletedByRetention(this.#log.config)) return { segments: 0, bytes: 0 };
    this.#beginMs ??= await this.#begin();
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

  async #begin(): Promise<number> {
    const { wallMs } = this.#opened;
    const evidence = (await this.#evidence()) ?? -1;
    const { retentionMs } = this.#log.config;
    if (evidence < 0 || wallMs - evidence <= Math.max(believableMs, 2 * retentionMs)) return wallMs;
    this.#world.logger.warn(
      { path: this.#log.path, clock: wallMs, newestRecord: evidence },
      'the clock is far ahead of the records: retention goes slowly',
    );
    return evidence;
  }

  #now(): number {
    const { clock } = this.#world;
    const { wallMs, monotonicMs } = this.#opened;
    const elapsedMs = clock.monotonic() - monotonicMs;
    return Math.min(clock.now(), (this.#beginMs ?? wallMs) + 2 * elapsedMs);
  }
}
