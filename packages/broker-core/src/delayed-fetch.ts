import type { Offset } from '@millrace/record';
import type { Partition } from './partition.ts';
import type { DelayedOperation, Settled } from './purgatory.ts';

/** What a fetch wants of one partition. */
export interface WantedPartition {
  readonly partition: Partition;
  readonly fetchOffset: Offset;
  readonly maxBytes: number;
}

/**
 * A fetch that waits until there is enough to answer. It says when to look, and reads nothing itself. What changes is
 * looked at alone: one that wants thousands of partitions must not cost their number with every append to one of them.
 */
export class DelayedFetch implements DelayedOperation<Partition> {
  readonly #wanted: ReadonlyMap<Partition, WantedPartition>;
  readonly #minBytes: number;
  readonly #settled: (how: Settled) => void;
  /** Of each partition, when it was last looked at. */
  readonly #available = new Map<Partition, number>();
  #totalBytes = 0;

  /** No partition is wanted twice. */
  constructor(wanted: readonly WantedPartition[], minBytes: number, settled: (how: Settled) => void) {
    this.#wanted = new Map(wanted.map((each) => [each.partition, each]));
    this.#minBytes = minBytes;
    this.#settled = settled;
  }

  isSatisfied(changed?: Partition): boolean {
    const looked = changed === undefined ? this.#wanted.values() : [this.#wanted.get(changed)];
    for (const wanted of looked) {
      if (wanted === undefined) continue;
      if (hasNews(wanted)) return true;
      const bytes = availableIn(wanted);
      this.#totalBytes += bytes - (this.#available.get(wanted.partition) ?? 0);
      this.#available.set(wanted.partition, bytes);
    }
    return this.#totalBytes >= this.#minBytes;
  }

  settle(how: Settled): void {
    this.#settled(how);
  }
}

/** Whether there is something to say that cannot wait: leadership lost, an offset out of range. */
function hasNews({ partition, fetchOffset }: WantedPartition): boolean {
  if (!partition.leads) return true;
  return fetchOffset < partition.logStartOffset || fetchOffset > partition.logEndOffset;
}

function availableIn({ partition, fetchOffset, maxBytes }: WantedPartition): number {
  return Math.min(partition.available(fetchOffset), maxBytes);
}
