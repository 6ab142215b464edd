import type { Cluster } from '@millrace/client';
import { CodedError } from '@millrace/runtime';
import { type FoundOffset, offsetsAt, type TopicPartition } from './offsets.ts';

/** Where to begin reading: an end, an offset, or a time (ms since the epoch). */
export type StartPosition = 'earliest' | 'latest' | number | { readonly timestamp: number };

/** One partition to be read, from one offset up to another (undefined: for ever). */
export interface Stretch extends TopicPartition {
  readonly from: number;
  readonly until: number | undefined;
}

/** Turns a place to begin into offsets, and asks where the partitions end when that is where to stop. OFFSET_OUT_OF_RANGE. */
export async function planReading(
  cluster: Cluster,
  partitions: readonly TopicPartition[],
  from: StartPosition,
  toEnd: boolean,
  signal?: AbortSignal,
): Promise<Stretch[]> {
  const [earliest, found, latest] = await Promise.all([
    offsetsAt(cluster, partitions, 'earliest', signal),
    typeof from === 'object' ? offsetsAt(cluster, partitions, from, signal) : undefined,
    offsetsAt(cluster, partitions, 'latest', signal),
  ]);
  return partitions.map(({ topic, partition }, index) => {
    const [start, end] = [offsetOf(earliest, index), offsetOf(latest, index)];
    const place = typeof from === 'object' ? (found?.[index]?.offset ?? end) : { from, start, end };
    const begin = typeof place === 'number' ? place : beginning({ topic, partition }, place);
    return { topic, partition, from: begin, until: toEnd ? end : undefined };
  });
}

function offsetOf(found: readonly FoundOffset[], index: number): number {
  return found[index]?.offset ?? 0;
}

function beginning(
  { topic, partition }: TopicPartition,
  { from, start, end }: { from: 'earliest' | 'latest' | number; start: number; end: number },
): number {
  if (from === 'earliest') return start;
  if (from === 'latest') return end;
  if (from >= start && from <= end) return from;
  throw new CodedError(
    'OFFSET_OUT_OF_RANGE',
    `offset ${from} is outside [${start}, ${end}] of ${topic}-${partition}`,
    {
      hint: 'begin at earliest, latest, or an offset in between',
      details: { topic, partition, offset: from },
    },
  );
}

/** Keeps account of what is left of the stretches that end somewhere. */
export class Remainder {
  readonly #until = new Map<string, number>();
  readonly #isBounded: boolean;

  constructor(stretches: readonly Stretch[]) {
    this.#isBounded = stretches.every(({ until }) => until !== undefined);
    for (const { topic, partition, from, until } of stretches)
      if (until !== undefined && from < until) this.#until.set(`${topic}-${partition}`, until);
  }

  /** Everything that was to be read was read. */
  get isDone(): boolean {
    return this.#isBounded && this.#until.size === 0;
  }

  /** Whether the record is part of it; it counts as read. */
  takes({ topic, partition, offset }: TopicPartition & { readonly offset: number }): boolean {
    if (!this.#isBounded) return true;
    const name = `${topic}-${partition}`;
    const until = this.#until.get(name);
    if (until === undefined) return false;
    if (offset + 1 >= until) this.#until.delete(name);
    return offset < until;
  }
}
