import type { Offset } from '@millrace/record';

const most = 256;
const stride = 2;

/** Where a batch begins. */
export interface BatchPlace {
  readonly baseOffset: Offset;
  readonly position: number;
}

/**
 * The last few hundred batches of the active segment, so that a read at the tail needs no look at the disk. They
 * follow each other without a gap: the batch before the first one above an offset holds it.
 */
export class RecentBatches {
  #ring = new Float64Array(16 * stride);
  #added = 0;

  add(baseOffset: Offset, position: number): void {
    if (this.#added === this.#capacity && this.#capacity < most) this.#grow();
    const at = (this.#added % this.#capacity) * stride;
    this.#ring[at] = baseOffset;
    this.#ring[at + 1] = position;
    this.#added++;
  }

  /** The batch that holds `offset` (below the segment's end); undefined when it is not remembered. */
  holding(offset: Offset): BatchPlace | undefined {
    return this.#floor(0, offset);
  }

  /** The last batch that begins at or before `position`; undefined when it is not remembered. */
  floorOfPosition(position: number): BatchPlace | undefined {
    return this.#floor(1, position);
  }

  get #capacity(): number {
    return this.#ring.length / stride;
  }

  #floor(column: 0 | 1, target: number): BatchPlace | undefined {
    let low = Math.max(0, this.#added - this.#capacity);
    const first = low;
    let high = this.#added;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#number(middle, column) <= target) low = middle + 1;
      else high = middle;
    }
    if (low === first) return undefined;
    return { baseOffset: this.#number(low - 1, 0), position: this.#number(low - 1, 1) };
  }

  #number(index: number, column: 0 | 1): number {
    return this.#ring[(index % this.#capacity) * stride + column] as number;
  }

  #grow(): void {
    const ring = new Float64Array(Math.min(this.#ring.length * 2, most * stride));
    ring.set(this.#ring);
    this.#ring = ring;
  }
}
