import type { Offset } from '@millrace/record';

/** On disk: int64 timestamp in ms, int32 relative last offset of a batch (Kafka's). */
const entryBytes = 12;
const upperHalf = 2 ** 32;
const none = -1;

/** A batch with a larger timestamp than any before it, among the entries of an index. */
export interface TimeIndexEntry {
  /** ms since the epoch: the largest in the segment up to the end of that batch. */
  readonly timestamp: number;
  /** The last one of that batch. */
  readonly offset: Offset;
  /** Whether this process saw the batch; otherwise the entry comes from a file, and may be wrong. */
  readonly isProven: boolean;
}

/** Where the batches begin that an index knows. */
export interface TimeIndexStart {
  readonly position: number;
  /** What lies before ends below it. */
  readonly offset: Offset;
}

/**
 * The sparse time index of one segment, in memory: how the largest timestamp grew, ascending in timestamp and offset.
 * It may begin in the middle of a segment that was there at opening; then what lies before is added once somebody asks.
 */
export class TimeIndex {
  readonly #segmentBase: Offset;
  readonly #from: TimeIndexStart;
  #timestamps = new Float64Array(0);
  #offsets = new Int32Array(0);
  #count = 0;
  /** How many entries, the first ones, come from a file. */
  #unproven = 0;
  #largestTimestamp = none;
  #largestOffset: Offset = none;
  /** The largest timestamp in the file beside the segment; undefined when there is none to be believed. */
  #storedTimestamp: number | undefined;

  constructor(
    segmentBase: Offset,
    from: TimeIndexStart = { position: 0, offset: segmentBase },
    storedTimestamp?: number,
  ) {
    this.#segmentBase = segmentBase;
    this.#from = from;
    this.#storedTimestamp = storedTimestamp;
  }

  get count(): number {
    return this.#count;
  }

  get from(): TimeIndexStart {
    return this.#from;
  }

  /** Whether it knows the segment from its first batch on. */
  get isComplete(): boolean {
    return this.#from.position === 0;
  }

  /** -1 when no batch has one. */
  get largestTimestamp(): number {
    return this.#largestTimestamp;
  }

  /** The last offset of the first batch with the largest timestamp; -1 when no batch has one. */
  get largestOffset(): Offset {
    return this.#largestOffset;
  }

  get last(): TimeIndexEntry | undefined {
    return this.#at(this.#count - 1);
  }

  /** Takes note of the next batch. `isIndexed`: whether the offset index has a line for it. */
  note(batch: { readonly lastOffset: Offset; readonly maxTimestamp: number }, isIndexed: boolean): void {
    if (batch.maxTimestamp > this.#largestTimestamp) {
      this.#largestTimestamp = batch.maxTimestamp;
      this.#largestOffset = batch.lastOffset;
    }
    if (isIndexed && this.#largestTimestamp > this.#lastTimestamp)
      this.#add(this.#largestTimestamp, this.#largestOffset);
  }

  /** Takes in what another index knows of the batches behind those of this one. */
  append(behind: TimeIndex): void {
    for (let index = 0; index < behind.#count; index++) {
      const timestamp = behind.#timestamps[index] as number;
      if (timestamp > this.#largestTimestamp) this.#add(timestamp, behind.#offsetAt(index));
    }
    if (behind.#largestTimestamp <= this.#largestTimestamp) return;
    this.#largestTimestamp = behind.#largestTimestamp;
    this.#largestOffset = behind.#largestOffset;
  }

  /**
   * An entry whose batch and all before it are below `timestamp`; undefined when the search must start with the first.
   * Not the last such entry, but the one before: what the last one says of batches then holds for this one's, so that
   * one wrong entry in an index that is in order leads nobody astray.
   */
  startFor(timestamp: number): TimeIndexEntry | undefined {
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#timestamps[middle] as number) < timestamp) low = middle + 1;
      else high = middle;
    }
    return this.#at(low - 2);
  }

  /** Drops the entries of batches that end at `offset` or behind. */
  dropFrom(offset: Offset): void {
    let count = this.#count;
    while (count > 0 && this.#offsetAt(count - 1) >= offset) count--;
    this.#keep(count);
  }

  /** Removes the last entry: the index then knows the batches up to the one of the entry before. */
  dropLast(): TimeIndexEntry | undefined {
    const { last } = this;
    this.#keep(Math.max(0, this.#count - 1));
    return last;
  }

  /** Whether the file beside the segment holds the largest timestamp. */
  get isStored(): boolean {
    return this.#storedTimestamp === this.#largestTimestamp;
  }

  noteStored(): void {
    this.#storedTimestamp = this.#largestTimestamp;
  }

  /** Kafka's layout; the last entry is the one of the largest timestamp. */
  encode(): Buffer {
    const hasLast = this.#lastTimestamp === this.#largestTimestamp;
    const bytes = Buffer.allocUnsafe((this.#count + (hasLast ? 0 : 1)) * entryBytes);
    for (let index = 0; index < this.#count; index++)
      this.#write(bytes, index, this.#timestamps[index] as number, this.#offsetAt(index));
    if (!hasLast) this.#write(bytes, this.#count, this.#largestTimestamp, this.#largestOffset);
    return bytes;
  }

  /** undefined when the bytes cannot be a time index of a segment that ends before `nextOffset`. */
  static decode(bytes: Buffer, segmentBase: Offset, nextOffset: Offset): TimeIndex | undefined {
    if (bytes.length % entryBytes !== 0) return undefined;
    const entries = new TimeIndex(segmentBase);
    let lastOffset = segmentBase - 1;
    for (let at = 0; at < bytes.length; at += entryBytes) {
      const timestamp = bytes.readInt32BE(at) * upperHalf + bytes.readUInt32BE(at + 4);
      const offset = segmentBase + bytes.readInt32BE(at + 8);
      if (!Number.isSafeInteger(timestamp) || timestamp <= entries.#lastTimestamp) return undefined;
      if (offset <= lastOffset || offset >= nextOffset) return undefined;
      entries.#add(timestamp, offset);
      lastOffset = offset;
    }
    entries.#unproven = entries.#count;
    entries.#keep(entries.#count);
    entries.noteStored();
    return entries;
  }

  get #lastTimestamp(): number {
    return this.#count === 0 ? none : (this.#timestamps[this.#count - 1] as number);
  }

  #at(index: number): TimeIndexEntry | undefined {
    if (index < 0 || index >= this.#count) return undefined;
    return {
      timestamp: this.#timestamps[index] as number,
      offset: this.#offsetAt(index),
      isProven: index >= this.#unproven,
    };
  }

  #offsetAt(index: number): Offset {
    return this.#segmentBase + (this.#offsets[index] as number);
  }

  #keep(count: number): void {
    this.#count = count;
    this.#unproven = Math.min(this.#unproven, count);
    this.#largestTimestamp = this.#lastTimestamp;
    this.#largestOffset = count === 0 ? none : this.#offsetAt(count - 1);
  }

  #add(timestamp: number, offset: Offset): void {
    if (this.#count === this.#offsets.length) this.#grow();
    this.#timestamps[this.#count] = timestamp;
    this.#offsets[this.#count] = offset - this.#segmentBase;
    this.#count++;
  }

  #grow(): void {
    const length = Math.max(16, this.#count * 2);
    const timestamps = new Float64Array(length);
    const offsets = new Int32Array(length);
    timestamps.set(this.#timestamps);
    offsets.set(this.#offsets);
    this.#timestamps = timestamps;
    this.#offsets = offsets;
  }

  #write(bytes: Buffer, index: number, timestamp: number, offset: Offset): void {
    const at = index * entryBytes;
    bytes.writeInt32BE(Math.floor(timestamp / upperHalf), at);
    bytes.writeUInt32BE(timestamp % upperHalf, at + 4);
    bytes.writeInt32BE(offset - this.#segmentBase, at + 8);
  }
}
