import type { Offset } from '@millrace/record';
import type { Segment } from './segment.ts';

/** The segments of a log in order of their offsets, never empty. Lists that were handed out do not change. */
export class SegmentList {
  #segments: readonly Segment[];
  #active: Segment;
  #startOffset: Offset;

  /** What lies below `startOffset` does not count, though it may share a segment with what does. */
  constructor(segments: readonly Segment[], startOffset: Offset = 0) {
    const active = segments.at(-1);
    if (active === undefined) throw new RangeError('a log has at least one segment');
    for (const segment of segments.slice(0, -1)) segment.seal();
    this.#segments = segments;
    this.#active = active;
    this.#startOffset = startOffset;
  }

  /** The one that is appended to. */
  get active(): Segment {
    return this.#active;
  }

  get all(): readonly Segment[] {
    return this.#segments;
  }

  get startOffset(): Offset {
    return Math.max(this.#startOffset, (this.#segments[0] ?? this.#active).baseOffset);
  }

  /** Nothing below counts any more. Returns the segments that hold nothing else: they are no longer part of the list. */
  startAt(startOffset: Offset): readonly Segment[] {
    this.#startOffset = Math.max(this.#startOffset, startOffset);
    const first = this.#floor(this.#startOffset);
    const dropped = this.#segments.slice(0, first);
    this.#segments = this.#segments.slice(first);
    return dropped;
  }

  /** Puts one segment, which becomes the active one, in the place of the one that begins where it does and of all behind. */
  endWith(segment: Segment): void {
    const at = this.#segments.findIndex(({ baseOffset }) => baseOffset >= segment.baseOffset);
    this.#segments = [...this.#segments.slice(0, at < 0 ? this.#segments.length : at), segment];
    this.#active = segment;
  }

  get sizeInBytes(): number {
    let sum = 0;
    for (const segment of this.#segments) sum += segment.sizeInBytes;
    return sum;
  }

  /** The last segment that begins at or before `offset`, and all after it. */
  from(offset: Offset): readonly Segment[] {
    return this.#segments.slice(this.#floor(offset));
  }

  /** The last segment that begins at or before `offset`; the first one when all begin later. */
  holding(offset: Offset): Segment {
    if (offset >= this.#active.baseOffset) return this.#active;
    return this.#segments[this.#floor(offset)] ?? this.#active;
  }

  /** The segment behind this one; for one that was replaced meanwhile, what now holds the offsets behind it. */
  after(segment: Segment): Segment | undefined {
    const at = this.#floor(segment.baseOffset);
    return this.#segments[at] === segment ? this.#segments[at + 1] : this.holding(segment.nextOffset);
  }

  /** Whether these are neighbours here, in this order, and none is the active one. */
  holds(run: readonly Segment[]): boolean {
    const at = this.#segments.indexOf(run[0] as Segment);
    return at >= 0 && !run.includes(this.#active) && run.every((one, by) => this.#segments[at + by] === one);
  }

  /** Puts one segment in the place of a run that is held here. Readers of the old ones go on; closing them is the caller's. */
  replace(run: readonly Segment[], by: Segment): void {
    if (!this.holds(run)) throw new RangeError(`${by.path} can only replace sealed segments of this log`);
    by.seal();
    const at = this.#segments.indexOf(run[0] as Segment);
    this.#segments = this.#segments.toSpliced(at, run.length, by);
  }

  /** The segment becomes the active one. */
  add(segment: Segment): void {
    this.#active.seal();
    this.#segments = [...this.#segments, segment];
    this.#active = segment;
  }

  #floor(offset: Offset): number {
    let low = 0;
    let high = this.#segments.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#segments[middle] as Segment).baseOffset <= offset) low = middle + 1;
      else high = middle;
    }
    return Math.max(0, low - 1);
  }
}
