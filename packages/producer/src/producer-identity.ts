import type { Cluster } from '@millrace/client';
import { producerError } from './errors.ts';
import type { ProducerBatch, Sequence } from './producer-batch.ts';

/** Sequences count records, wrap to 0 after this, and are never reused within an identity. */
const largestSequence = 0x7fffffff;

const largestEpoch = 0x7fff;

/** A producer id with its epoch, and the next sequence of one partition. */
export class PartitionIdentity {
  /** The broker has acknowledged a batch of it. Until then it would take any sequence for the first. */
  isKnown = false;
  /** A batch of it was given up that may still be on its way. */
  mayComeLate = false;
  readonly #producerId: number;
  readonly #producerEpoch: number;
  #nextSequence = 0;

  constructor(producerId: number, producerEpoch: number) {
    this.#producerId = producerId;
    this.#producerEpoch = producerEpoch;
  }

  /**
   * The same producer, who begins again at sequence 0: a broker that has taken a batch of it takes none of this epoch any
   * more, however late it comes. undefined after the last epoch.
   */
  nextEpoch(): PartitionIdentity | undefined {
    if (this.#producerEpoch >= largestEpoch) return undefined;
    return new PartitionIdentity(this.#producerId, this.#producerEpoch + 1);
  }

  /** The sequence of this batch, which must be the next one sent for the first time. */
  take(batch: ProducerBatch): Sequence {
    const baseSequence = this.#nextSequence;
    this.#nextSequence = (this.#nextSequence + batch.recordCount) % (largestSequence + 1);
    return { producerId: this.#producerId, producerEpoch: this.#producerEpoch, baseSequence };
  }
}

/** A new producer id from the cluster. Rejects with what the broker answered. */
export async function newIdentity(cluster: Cluster, signal: AbortSignal): Promise<PartitionIdentity> {
  const answer = await cluster.call('initProducerId', {}, { signal });
  if (answer.error !== 'NONE' || answer.producerId === undefined)
    throw producerError(answer.error, answer.message ?? 'the broker gave no producer id', {
      retriable: true,
    });
  return new PartitionIdentity(answer.producerId, answer.producerEpoch ?? 0);
}
