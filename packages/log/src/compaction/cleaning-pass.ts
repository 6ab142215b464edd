import { type Offset, rawRecordsIn } from '@millrace/record';
import { hasCode, type World } from '@millrace/runtime';
import { reasonOf } from '../errors.ts';
import type { Segment } from '../segment.ts';
import { Codecs } from './codecs.ts';
import { KeyOffsets } from './key-offsets.ts';
import { type PlacedBatch, verifiedBatches } from './verified-batches.ts';

/** What one run of compaction goes by. */
export interface PassOptions {
  /** Ascending; all that may be compacted now. They are held until the pass is over. */
  readonly segments: readonly Segment[];
  /** Where the records begin whose keys are not yet known to be the newest. */
  readonly from: Offset;
  readonly gapsBelow: Offset;
  readonly memoryBytes: number;
  /** ms since the epoch. */
  readonly now: number;
  readonly deleteRetentionMs: number;
  /** Last offsets of the batches by which producers are remembered: their headers stay. */
  readonly producerBatches: ReadonlySet<Offset>;
  /** Throws once the pass is to end early. */
  readonly check: () => void;
}

/** What is known in one run of compaction: the newest offset of each key, and which segments are left as they are. */
export class CleaningPass {
  readonly options: PassOptions;
  readonly codecs = new Codecs();
  /** With the reason. */
  readonly leftAlone = new Map<Segment, string>();
  readonly #world: World;
  #keys: KeyOffsets;
  #mappedTo: Offset;

  constructor(options: PassOptions, world: World) {
    this.options = options;
    this.#world = world;
    this.#keys = new KeyOffsets(options.memoryBytes, world.random);
    this.#mappedTo = options.from;
  }

  /** Records below have their keys in the map or were clean before; what lies behind it did not fit. */
  get mappedTo(): Offset {
    return this.#mappedTo;
  }

  /** How far no key has two records once the pass is through. */
  get cleanedUpTo(): Offset {
    const bases = [...this.leftAlone.keys()].map((segment) => segment.baseOffset);
    return Math.max(this.options.from, Math.min(this.#mappedTo, ...bases));
  }

  /** Goes through the keys from `from` on; anew without a segment that turns out to be unreadable. */
  async map(): Promise<void> {
    for (const segment of this.options.segments) {
      const [rot] = segment.rotten;
      if (rot !== undefined) this.leave(segment, `it is damaged at byte ${rot.position}`);
    }
    while (!(await this.#tryMap())) {
      this.#keys = new KeyOffsets(this.options.memoryBytes, this.#world.random);
    }
  }

  /** undefined: no newer record of this key is known. */
  newest(bytes: Buffer, keyStart: number, keyEnd: number): Offset | undefined {
    return this.#keys.get(bytes, keyStart, keyEnd);
  }

  /** Whether all records of a segment's keys below its own have been compacted, so that tombstones in it may go. */
  tombstonesMayGo(segment: Segment): boolean {
    for (const left of this.leftAlone.keys()) if (left.baseOffset < segment.baseOffset) return false;
    return true;
  }

  /** Whether the error tells of the segment rather than of the disk; it is then left as it is from now on. */
  leavesFor(segment: Segment, error: unknown): boolean {
    if (!hasCode(error, 'CORRUPT_MESSAGE') && !hasCode(error, 'COMPRESSION_UNAVAILABLE')) return false;
    this.leave(segment, reasonOf(error));
    return true;
  }

  leave(segment: Segment, reason: string): void {
    if (this.leftAlone.has(segment)) return;
    this.leftAlone.set(segment, reason);
    this.#world.logger.warn({ path: segment.path, reason }, 'compaction leaves a segment as it is');
  }

  /** false when a segment had to be left out in the middle. */
  async #tryMap(): Promise<boolean> {
    const { segments, from } = this.options;
    this.#mappedTo = from;
    for (const segment of segments) {
      if (segment.nextOffset <= from) continue;
      if (!this.leftAlone.has(segment)) {
        try {
          if (!(await this.#mapSegment(segment))) return true;
        } catch (error) {
          if (!this.leavesFor(segment, error)) throw error;
          return false;
        }
      }
      this.#mappedTo = segment.nextOffset;
    }
    return true;
  }

  /** false when the map is full. */
  async #mapSegment(segment: Segment): Promise<boolean> {
    for await (const batches of verifiedBatches(segment, this.options.gapsBelow)) {
      this.options.check();
      for (const batch of batches) {
        if (batch.header.lastOffset < this.options.from || !isOpened(batch)) continue;
        await this.codecs.load(batch.header.compression);
        if (!this.#mapBatch(batch)) return false;
      }
    }
    return true;
  }

  #mapBatch({ bytes }: PlacedBatch): boolean {
    const records = rawRecordsIn(bytes, this.codecs.loaded);
    while (records.next()) {
      const { offset, keyStart, keyEnd } = records;
      if (keyEnd < 0 || offset < this.options.from) continue;
      if (this.#keys.set(records.bytes, keyStart, keyEnd, offset)) continue;
      this.#mappedTo = offset;
      return false;
    }
    return true;
  }
}

/** Whether compaction looks into a batch: not into markers, nor into what a transaction may have taken back. */
export function isOpened({ header }: PlacedBatch): boolean {
  return !header.isControl && !header.isTransactional;
}
