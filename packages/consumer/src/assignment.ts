import type { Claim, TopicPartition } from '@millrace/coordination';
import type { AssignedPartition } from './assigned-partition.ts';
import type { ConsumerRecord } from './config.ts';
import { consumerError } from './errors.ts';
import type { FetchedBatches } from './fetched-batches.ts';

/** What a consumer reads at this moment, and what it is giving back but may still commit. */
export class Assignment {
  #current: readonly AssignedPartition[] = [];
  #leaving: readonly AssignedPartition[] = [];
  /** Whose turn it is next. */
  #turn = 0;

  get current(): readonly AssignedPartition[] {
    return this.#current;
  }

  /** All that may be committed. */
  get committable(): readonly AssignedPartition[] {
    return [...this.#current, ...this.#leaving];
  }

  add(partitions: readonly AssignedPartition[]): void {
    this.#current = [...this.#current, ...partitions];
  }

  /** Nothing more of these is handed out; until `drop` what was handed out may be committed. */
  leave(partitions: readonly AssignedPartition[]): void {
    this.#current = this.#current.filter((partition) => !partitions.includes(partition));
    this.#leaving = [...this.#leaving, ...partitions];
    for (const partition of partitions) {
      partition.revoking = true;
      partition.rewind();
    }
  }

  /** These are not ours any more. */
  drop(partitions: readonly AssignedPartition[]): void {
    this.#current = this.#current.filter((partition) => !partitions.includes(partition));
    this.#leaving = this.#leaving.filter((partition) => !partitions.includes(partition));
    for (const partition of partitions) {
      partition.rewind();
      partition.lose();
    }
  }

  ofClaim(claim: Claim): AssignedPartition | undefined {
    return this.#current.find((partition) => partition.claim === claim);
  }

  /** NOT_ASSIGNED. */
  find({ topic, partition }: TopicPartition): AssignedPartition {
    const found = this.#current.find((one) => one.topic === topic && one.partition === partition);
    if (found !== undefined) return found;
    throw consumerError('NOT_ASSIGNED', `this consumer does not read ${topic}-${partition} at the moment`, {
      details: { topic, partition },
    });
  }

  /** The partition under the very claim by which the record was handed out. NOT_ASSIGNED when that is over. */
  committableOf(record: ConsumerRecord<unknown, unknown>): AssignedPartition {
    const { topic, partition, signal } = record;
    const held = this.committable.filter((one) => one.topic === topic && one.partition === partition);
    // A copy of a record may have lost its signal; one whose signal has aborted is of this claim or of none.
    const found =
      held.find((one) => one.signal === signal) ?? (signal?.aborted === true ? undefined : held[0]);
    if (found !== undefined) return found;
    throw notHeld(`${topic}-${partition}`, { topic, partition, offset: record.offset });
  }

  /** Takes what is fetched of the next partition that has something. Throws the failure of one of them, once. */
  take(
    mayHandOut: (partition: AssignedPartition) => boolean,
  ): { readonly partition: AssignedPartition; readonly batches: FetchedBatches } | undefined {
    const count = this.#current.length;
    for (let i = 0; i < count; i += 1) {
      const place = (this.#turn + i) % count;
      const partition = this.#current[place] as AssignedPartition;
      if (!mayHandOut(partition)) continue;
      const batches = partition.take();
      const { failure } = partition;
      if (batches === undefined && failure === undefined) continue;
      this.#turn = place + 1;
      if (batches !== undefined) return { partition, batches };
      // Whoever goes on asks again, and meets it again if it is still there.
      partition.failure = undefined;
      if (failure !== undefined) throw failure;
    }
    return undefined;
  }
}

/** NOT_ASSIGNED, for a commit that came too late. */
export function notHeld(names: string, details: Record<string, string | number> = {}): Error {
  return consumerError('NOT_ASSIGNED', `${names} is not held any more: the commit was not taken`, {
    hint: 'whoever holds it now sees again what was not committed; stop work on records whose signal has aborted',
    details,
  });
}

/** The stream that the fewest partitions feed. */
export function leastFed(streams: number, partitions: readonly AssignedPartition[]): number {
  const fed = Array.from({ length: streams }, (_, stream) =>
    partitions.reduce((count, partition) => count + (partition.stream === stream ? 1 : 0), 0),
  );
  return fed.indexOf(Math.min(...fed));
}
