import type { Offset } from '@millrace/record';
import type { Partition } from './partition.ts';
import type { DelayedOperation, Settled } from './purgatory.ts';

/** What a fetch wants of one partition. */
export interface WantedPartition {
  readonly partition: Partition;
  readonly fetchOffset: Offset;
  readonly maxBytes: number;
}

/** A fetch that waits until there is enough to answer. It says when to look, and reads nothing itself. */
export class DelayedFetch implements DelayedOperation {
  readonly #wanted: readonly WantedPartition[];
  readonly #minBytes: number;
  readonly #settled: (how: Settled) => void;

  constructor(wanted: readonly WantedPartition[], minBytes: number, settled: (how: Settled) => void) {
    this.#wanted = wanted;
    this.#minBytes = minBytes;
    this.#settled = settled;
  }

  isSatisfied(): boolean {
    return isEnough(this.#wanted, this.#minBytes);
  }

  settle(how: Settled): void {
    this.#settled(how);
  }
}

/** Whether there are `minBytes`, or something to say that cannot wait: leadership lost, an offset out of range. */
export function isEnough(wanted: readonly WantedPartition[], minBytes: number): boolean {
  let available = 0;
  for (const { partition, fetchOffset, maxBytes } of wanted) {
    if (!partition.leads) return true;
    if (fetchOffset < partition.logStartOffset || fetchOffset > partition.logEndOffset) return true;
    available += Math.min(partition.available(fetchOffset), maxBytes);
  }
  return available >= minBytes;
}
