import type { Offset } from '@millrace/record';
import type { Compacted } from '../log.ts';
import type { Segment } from '../segment.ts';
import type { GroupCount } from './group-cleaner.ts';

/** What a run of compaction did, as it goes along. */
export class CompactionTotals {
  readonly #bytesBefore: number;
  #bytesSaved = 0;
  #recordsKept = 0;
  #recordsRemoved = 0;
  #nextHorizonMs: number | undefined;

  constructor(segments: readonly Segment[]) {
    this.#bytesBefore = sizeOf(segments);
  }

  /** ms since the epoch: the earliest at which a tombstone of those gone through may go. */
  get nextHorizonMs(): number | undefined {
    return this.#nextHorizonMs;
  }

  gone({ recordsKept, recordsRemoved, nextHorizonMs }: GroupCount): void {
    this.#recordsKept += recordsKept;
    this.#recordsRemoved += recordsRemoved;
    if (nextHorizonMs === undefined) return;
    this.#nextHorizonMs = Math.min(this.#nextHorizonMs ?? nextHorizonMs, nextHorizonMs);
  }

  replaced(sources: readonly Segment[], by: Segment): void {
    this.#bytesSaved += sizeOf(sources) - by.sizeInBytes;
  }

  result(cleanedUpTo: Offset, leftAlone: ReadonlyMap<Segment, string>): Compacted {
    return {
      bytesBefore: this.#bytesBefore,
      bytesAfter: this.#bytesBefore - this.#bytesSaved,
      recordsKept: this.#recordsKept,
      recordsRemoved: this.#recordsRemoved,
      cleanedUpTo,
      leftAlone: [...leftAlone].map(([{ path }, reason]) => ({ path, reason })),
    };
  }
}

function sizeOf(segments: readonly Segment[]): number {
  return segments.reduce((sum, { sizeInBytes }) => sum + sizeInBytes, 0);
}
