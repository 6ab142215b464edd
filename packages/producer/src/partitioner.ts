import { murmur2 } from '@millrace/record';
import type { Random } from '@millrace/runtime';
import type { Partitioner } from './config.ts';

/** Kafka's default partitioner for keys: the same key lies in the same partition, whoever wrote it. */
export const murmur2Partitioner: Partitioner = (key, partitions) => (murmur2(key) & 0x7fffffff) % partitions;

/**
 * Where records without a key go: one partition until its batch is full or sent, then another (KIP-480). Small batches
 * to every partition at once would cost a request each.
 */
export class StickyPartition {
  readonly #partitions: number;
  readonly #random: Random;
  #current: number;

  constructor(partitions: number, random: Random) {
    this.#partitions = partitions;
    this.#random = random;
    this.#current = random.int(partitions);
  }

  get current(): number {
    return this.#current;
  }

  /** The batch of `partition` is complete. */
  move(partition: number): void {
    if (partition !== this.#current || this.#partitions === 1) return;
    this.#current = (this.#current + 1 + this.#random.int(this.#partitions - 1)) % this.#partitions;
  }
}
