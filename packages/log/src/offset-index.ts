import type { Offset } from '@millrace/record';

/** On disk: int32 relative last offset of a batch, int32 position where it begins (Kafka's). */
const entryBytes = 8;
/** In memory one number more: the relative base offset, `unknown` when the entry comes from a file. */
const stride = 3;
const unknown = -1;

/** One line of the index: a batch, by where it begins and which offsets it holds. */
export interface IndexEntry {
  /** undefined when the entry was read from a file, which does not say. */
  readonly baseOffset: Offset | undefined;
  readonly lastOffset: Offset;
  readonly position: number;
}

/**
 * The sparse offset index of one segment, in memory: a batch every few KiB, ascending in offset and position.
 * Entries that were read from a file are believed only once the batch header at their position agrees.
 */
export class OffsetIndex {
  readonly #segmentBase: Offset;
  #entries = new Int32Array(16 * stride);
  #count = 0;

  constructor(segmentBase: Offset) {
    this.#segmentBase = segmentBase;
  }

  get count(): number {
    return this.#count;
  }

  get last(): IndexEntry | undefined {
    return this.at(this.#count - 1);
  }

  /** Entries are added in order; the batch's offsets are within int32 of the segment's base. */
  add(baseOffset: Offset | undefined, lastOffset: Offset, position: number): void {
    const at = this.#count * stride;
    if (at === this.#entries.length) this.#grow();
    this.#entries[at] = lastOffset - this.#segmentBase;
    this.#entries[at + 1] = position;
    this.#entries[at + 2] = baseOffset === undefined ? unknown : baseOffset - this.#segmentBase;
    this.#count++;
  }

  at(index: number): IndexEntry | undefined {
    if (index < 0 || index >= this.#count) return undefined;
    const base = this.#number(index, 2);
    return {
      baseOffset: base === unknown ? undefined : this.#segmentBase + base,
      lastOffset: this.#segmentBase + this.#number(index, 0),
      position: this.#number(index, 1),
    };
  }

  /** The last entry from which a scan forward meets the batch that holds `offset`. */
  floor(offset: Offset): IndexEntry | undefined {
    const relative = offset - this.#segmentBase;
    const found = this.#search(0, relative);
    const nextBase = found + 1 < this.#count ? this.#number(found + 1, 2) : unknown;
    return this.at(nextBase !== unknown && nextBase <= relative ? found + 1 : found);
  }

  /** The first entry whose batch ends at or after `offset`. */
  ceiling(offset: Offset): IndexEntry | undefined {
    return this.at(this.#search(0, offset - this.#segmentBase - 1) + 1);
  }

  /** The last entry whose batch begins at or before `position`. */
  floorOfPosition(position: number): IndexEntry | undefined {
    return this.at(this.#search(1, position));
  }

  /** Whether a line names the batch that begins at `position`. */
  names(position: number): boolean {
    const last = this.#count - 1;
    if (last < 0 || this.#number(last, 1) < position) return false;
    return this.#number(last, 1) === position || this.floorOfPosition(position)?.position === position;
  }

  /** Drops the entries at `position` and after. */
  truncate(position: number): void {
    this.#count = this.#search(1, position - 1) + 1;
  }

  /** Kafka's layout. */
  encode(): Buffer {
    const bytes = Buffer.allocUnsafe(this.#count * entryBytes);
    for (let index = 0; index < this.#count; index++) {
      bytes.writeInt32BE(this.#number(index, 0), index * entryBytes);
      bytes.writeInt32BE(this.#number(index, 1), index * entryBytes + 4);
    }
    return bytes;
  }

  /** undefined when the bytes cannot be an index of a segment of this size: the caller scans the segment instead. */
  static decode(bytes: Buffer, segmentBase: Offset, segmentBytes: number): OffsetIndex | undefined {
    if (bytes.length % entryBytes !== 0) return undefined;
    const index = new OffsetIndex(segmentBase);
    let lastRelative = -1;
    let lastPosition = -1;
    for (let at = 0; at < bytes.length; at += entryBytes) {
      const relative = bytes.readInt32BE(at);
      const position = bytes.readInt32BE(at + 4);
      if (relative <= lastRelative || position <= lastPosition || position >= segmentBytes) return undefined;
      index.add(undefined, segmentBase + relative, position);
      lastRelative = relative;
      lastPosition = position;
    }
    return index;
  }

  /** The last index whose number in `column` is at or below `target`; -1 when there is none. */
  #search(column: 0 | 1, target: number): number {
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#number(middle, column) <= target) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  #number(index: number, column: 0 | 1 | 2): number {
    return this.#entries[index * stride + column] as number;
  }

  #grow(): void {
    const entries = new Int32Array(this.#entries.length * 2);
    entries.set(this.#entries);
    this.#entries = entries;
  }
}

/** Decides which batches get a line in the index: the first one behind more than `intervalBytes` of others. */
export class IndexPacer {
  #bytesSinceEntry = 0;

  /** Whether this batch is one; called for each in order. */
  isDue(sizeInBytes: number, intervalBytes: number): boolean {
    const due = this.#bytesSinceEntry > intervalBytes;
    this.#bytesSinceEntry = sizeInBytes + (due ? 0 : this.#bytesSinceEntry);
    return due;
  }
}
