import type { Offset } from '@millrace/record';
import { hasCode, type World } from '@millrace/runtime';
import { headerOrUndefined, type LocatedBatch, locate } from './batch-location.ts';
import { orderIn } from './batch-order.ts';
import { scanHeaders, shortScanBytes } from './batch-scan.ts';
import type { LogConfig } from './config.ts';
import { searchDamage } from './damage-search.ts';
import { logError, reasonOf } from './errors.ts';
import type { LogMark } from './flusher.ts';
import { rebuildIndex } from './index-file.ts';
import type { LogSlice } from './log.ts';
import { emptySlice, SegmentSlice } from './log-slice.ts';
import type { BatchPlace } from './recent-batches.ts';
import type { RottenRange, Segment } from './segment.ts';
import type { SegmentList } from './segment-list.ts';

/** How many sequential readers of one log are remembered. */
const readersRemembered = 64;

/** What the reader needs from the log it reads. */
export interface ReadableLog {
  readonly config: LogConfig;
  readonly segments: SegmentList;
  readonly flushed: LogMark;
  /** Compaction may have left gaps between batches that begin below. */
  readonly gapsBelow: Offset;
}

/**
 * Finds byte ranges for offsets. Each read captures the end once; it never waits for writers, and in the common cases
 * (at the tail, or going on where the last slice ended) it does not touch the disk.
 */
export class LogReader {
  readonly #log: ReadableLog;
  readonly #world: World;
  /** Where the slices that were handed out ended: the next offset of a reader that goes on. The oldest use first. */
  readonly #places = new Map<Offset, { readonly segment: Segment; readonly position: number }>();

  constructor(log: ReadableLog, world: World) {
    this.#log = log;
    this.#world = world;
  }

  async read(from: Offset, limit: { maxBytes: number; upTo?: Offset }): Promise<LogSlice> {
    const { segments } = this.#log;
    const end = segments.active.nextOffset;
    const upTo = Math.min(limit.upTo ?? end, end);
    if (!(from >= segments.startOffset && from <= end)) {
      throw outOfRange(from, segments.startOffset, end);
    }
    let segment: Segment | undefined = segments.holding(from);
    while (segment !== undefined && segment.baseOffset < upTo && from < upTo) {
      const slice = await this.#readExamined(segment, from, upTo, limit.maxBytes);
      if (slice !== undefined) return slice;
      segment = segments.after(segment);
    }
    return emptySlice(from);
  }

  /** What was remembered of places may not be true any more. */
  forget(): void {
    this.#places.clear();
  }

  /** From indexes in memory alone; at least 1 when there is anything. */
  bytesBetween(from: Offset, upTo: Offset): number {
    const { segments } = this.#log;
    const first = Math.max(from, segments.startOffset);
    const last = Math.min(upTo, segments.active.nextOffset);
    if (first >= last) return 0;
    let sum = 0;
    for (const segment of segments.from(first)) {
      if (segment.baseOffset >= last) break;
      const begin = first <= segment.baseOffset ? 0 : this.#positionNear(segment, first, 'floor');
      const end =
        last >= segment.nextOffset ? segment.sizeInBytes : this.#positionNear(segment, last, 'ceiling');
      sum += Math.max(0, end - begin);
    }
    return Math.max(1, sum);
  }

  /** Looks for damage in the segment that holds `from`, or follows it; answers whether there is any. */
  async examine(from: Offset): Promise<boolean> {
    const segment = this.#log.segments.holding(from);
    return this.#examine(segment);
  }

  /** Like `#readSegment`. Damage that a scan runs into is looked at once, so that the error can say where it ends. */
  async #readExamined(
    segment: Segment,
    from: Offset,
    upTo: Offset,
    maxBytes: number,
  ): Promise<LogSlice | undefined> {
    try {
      return await this.#readSegment(segment, from, upTo, maxBytes);
    } catch (error) {
      if (!hasCode(error, 'CORRUPT_MESSAGE') || error.details?.['nextOffset'] !== undefined) throw error;
      if (!(await this.#examine(segment))) throw error;
      return this.#readSegment(segment, from, upTo, maxBytes);
    }
  }

  async #examine(segment: Segment): Promise<boolean> {
    const { config, gapsBelow } = this.#log;
    segment.acquire();
    try {
      const isDamaged = await searchDamage(segment, gapsBelow, config.indexIntervalBytes, this.#world);
      for (const [offset, place] of this.#places) if (place.segment === segment) this.#places.delete(offset);
      return isDamaged;
    } finally {
      segment.release();
    }
  }

  /** undefined when the segment has nothing at or after `from` below `upTo`. */
  async #readSegment(
    segment: Segment,
    from: Offset,
    upTo: Offset,
    maxBytes: number,
  ): Promise<LogSlice | undefined> {
    const damage = segment.rotAt(from);
    if (damage !== undefined) throw rotten(segment, damage);
    const size = segment.sizeInBytes;
    // Held while the file is read: a log that closes meanwhile closes the file afterwards.
    segment.acquire();
    try {
      const knownLimit = this.#knownPosition(segment, upTo, size);
      const limit = knownLimit ?? (await this.#locate(segment, upTo, size)).position;
      const start: LocatedBatch =
        this.#knownPlace(segment, from) ?? (await this.#locate(segment, from, size));
      if (start.position >= limit) return undefined;
      const end = await this.#endOf(segment, start, limit, maxBytes);
      return new SegmentSlice(segment, start.position, end, start.baseOffset, start.read?.bytes);
    } finally {
      segment.release();
    }
  }

  /** Where the batches below `offset` end, if a mark or memory tells. */
  #knownPosition(segment: Segment, offset: Offset, size: number): number | undefined {
    if (offset >= segment.nextOffset) return size;
    const damage = segment.rotAt(offset);
    if (damage !== undefined) return damage.position;
    const { flushed } = this.#log;
    if (flushed.offset === offset && flushed.segment === segment) return flushed.position;
    return this.#knownPlace(segment, offset)?.position;
  }

  /** The batch that holds `offset`, if memory tells. */
  #knownPlace(segment: Segment, offset: Offset): BatchPlace | undefined {
    const place = this.#places.get(offset);
    if (place?.segment === segment) return { baseOffset: offset, position: place.position };
    return offset < segment.nextOffset ? segment.recent?.holding(offset) : undefined;
  }

  /** The batch that holds `offset`, or the first one behind it; the end of the segment when there is none. */
  async #locate(segment: Segment, offset: Offset, size: number): Promise<LocatedBatch> {
    try {
      return await locate(segment, offset, size, this.#log.gapsBelow);
    } catch (error) {
      if (segment.indexTrusted || !hasCode(error, 'CORRUPT_MESSAGE')) throw error;
      await this.#rebuildIndex(segment, reasonOf(error));
      return locate(segment, offset, size, this.#log.gapsBelow);
    }
  }

  async #rebuildIndex(segment: Segment, reason: string): Promise<void> {
    this.#world.logger.warn({ path: segment.path, reason }, 'the offset index is wrong and is built anew');
    await rebuildIndex(segment, this.#log.config.indexIntervalBytes);
  }

  /** Where the slice ends: a batch boundary at most `maxBytes` on, but never inside the first batch. */
  async #endOf(segment: Segment, start: LocatedBatch, limit: number, maxBytes: number): Promise<number> {
    const rot = segment.rotten.find((damage) => damage.position > start.position);
    const whole = Math.min(limit, rot?.position ?? limit);
    if (whole - start.position <= maxBytes) return this.#remember(segment, whole);
    const target = start.position + maxBytes;
    const { read } = start;
    if (read !== undefined && read.sizeInBytes >= maxBytes) {
      const behind = start.position + read.sizeInBytes;
      this.#rememberPlace(segment, read.lastOffset + 1, behind);
      return behind;
    }
    const recent = segment.recent?.floorOfPosition(target);
    if (recent !== undefined && recent.position > start.position) {
      this.#rememberPlace(segment, recent.baseOffset, recent.position);
      return recent.position;
    }
    const boundary = await this.#boundary(segment, start, target, whole);
    if (boundary !== undefined) {
      this.#rememberPlace(segment, boundary.baseOffset, boundary.position);
      return boundary.position;
    }
    return this.#scanEnd(segment, start.position, target, whole);
  }

  /** The last batch of the index that begins at or before `target`, if it lies behind `start`. */
  async #boundary(
    segment: Segment,
    start: BatchPlace,
    target: number,
    end: number,
  ): Promise<BatchPlace | undefined> {
    const entry = segment.index.floorOfPosition(target);
    if (entry === undefined || entry.position <= start.position) return undefined;
    if (entry.baseOffset !== undefined) return { baseOffset: entry.baseOffset, position: entry.position };
    const header = await headerOrUndefined(segment, entry.position, end);
    if (header?.lastOffset === entry.lastOffset && header.baseOffset > start.baseOffset) {
      return { baseOffset: header.baseOffset, position: entry.position };
    }
    try {
      await this.#rebuildIndex(segment, `no batch that ends with ${entry.lastOffset} at ${entry.position}`);
    } catch (error) {
      // It is the segment that is damaged: the scan finds how far it can be read.
      if (hasCode(error, 'CORRUPT_MESSAGE')) return undefined;
      throw error;
    }
    return this.#boundary(segment, start, target, end);
  }

  async #scanEnd(segment: Segment, start: number, target: number, limit: number): Promise<number> {
    let end = start;
    let next: Offset | undefined;
    const range = { from: start, to: limit, pieceBytes: shortScanBytes };
    const check = orderIn(segment, start, this.#log.gapsBelow);
    try {
      await scanHeaders(segment, range, (header, position) => {
        check(header, position);
        const behind = position + header.sizeInBytes;
        if (position > start && behind > target) return false;
        end = behind;
        next = header.lastOffset + 1;
        return end < target;
      });
    } catch (error) {
      if (end === start || !hasCode(error, 'CORRUPT_MESSAGE')) throw error;
    }
    if (next !== undefined) this.#rememberPlace(segment, next, end);
    return end;
  }

  /** The end of a whole range: a reader that goes on starts there, when it is not the end of the segment. */
  #remember(segment: Segment, end: number): number {
    const { flushed } = this.#log;
    if (end === segment.sizeInBytes) this.#rememberPlace(segment, segment.nextOffset, end);
    else if (flushed.segment === segment && flushed.position === end) {
      this.#rememberPlace(segment, flushed.offset, end);
    }
    return end;
  }

  #rememberPlace(segment: Segment, offset: Offset, position: number): void {
    this.#places.delete(offset);
    this.#places.set(offset, { segment, position });
    if (this.#places.size <= readersRemembered) return;
    for (const oldest of this.#places.keys()) {
      this.#places.delete(oldest);
      return;
    }
  }

  #positionNear(segment: Segment, offset: Offset, side: 'floor' | 'ceiling'): number {
    const known = this.#knownPosition(segment, offset, segment.sizeInBytes);
    if (known !== undefined) return known;
    if (side === 'floor') return segment.index.floor(offset)?.position ?? 0;
    return segment.index.ceiling(offset)?.position ?? segment.sizeInBytes;
  }
}

function outOfRange(from: Offset, start: Offset, end: Offset): Error {
  return logError('OFFSET_OUT_OF_RANGE', `offset ${from} is outside [${start}, ${end}]`, {
    details: { offset: from, startOffset: start, endOffset: end },
  });
}

function rotten(segment: Segment, damage: RottenRange): Error {
  const { position, nextOffset } = damage;
  return logError('CORRUPT_MESSAGE', `${segment.path} is damaged at byte ${position}`, {
    details: { file: segment.path, position, nextOffset },
    hint: `the next readable offset is ${nextOffset}`,
  });
}
