import type { BatchHeader, Offset } from '@millrace/record';
import { logError } from './errors.ts';

/** How many batches back a repetition is recognised: as many as a producer may have in flight. */
const batchesKept = 5;
const largestSequence = 0x7fff_ffff;
/** A producer that wrote nothing for so long is forgotten; its next batch may carry any sequence. */
const producerExpiryMs = 7 * 24 * 60 * 60 * 1000;

export interface ProducerBatch {
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly baseOffset: Offset;
  readonly lastOffset: Offset;
}

export interface ProducerEntry {
  readonly producerEpoch: number;
  /** The newest last. */
  readonly batches: readonly ProducerBatch[];
  /** ms since the epoch. */
  readonly lastUsed: number;
}

/** What a producer's entry was before a batch, for the case that the batch cannot be written. */
export interface ProducerUndo {
  readonly producerId: number;
  readonly entry: ProducerEntry | undefined;
}

/**
 * For each idempotent producer its epoch and last batches: what makes a repeated batch recognisable and a missing one
 * noticed. Entries are replaced, never changed, so that undoing is putting the old one back.
 */
export class ProducerState {
  readonly #entries = new Map<number, ProducerEntry>();

  get entries(): ReadonlyMap<number, ProducerEntry> {
    return this.#entries;
  }

  /**
   * The batch as it was written before, if it was; undefined for one that may be written now.
   * OUT_OF_ORDER_SEQUENCE, INVALID_PRODUCER_EPOCH. A producer that is not known may begin anywhere.
   */
  check(header: BatchHeader): ProducerBatch | undefined {
    const entry = this.#entries.get(header.producerId);
    if (entry === undefined) return undefined;
    const { producerEpoch, baseSequence } = header;
    if (producerEpoch < entry.producerEpoch) {
      throw logError(
        'INVALID_PRODUCER_EPOCH',
        `producer ${header.producerId} writes with epoch ${producerEpoch}, but epoch ${entry.producerEpoch} has begun`,
      );
    }
    if (producerEpoch > entry.producerEpoch) {
      if (baseSequence !== 0) throw outOfOrder(header, 0);
      return undefined;
    }
    const lastSequence = lastSequenceOf(header);
    for (const batch of entry.batches) {
      if (batch.firstSequence === baseSequence && batch.lastSequence === lastSequence) return batch;
    }
    const newest = entry.batches.at(-1);
    const expected = newest === undefined ? baseSequence : following(newest.lastSequence);
    if (baseSequence !== expected) throw outOfOrder(header, expected);
    return undefined;
  }

  /** Takes note of a batch with its final offsets, unchecked: `check` was called, or it lies in the log already. */
  record(header: BatchHeader, baseOffset: Offset, lastOffset: Offset, now: number): ProducerUndo {
    const { producerId, producerEpoch, baseSequence } = header;
    const entry = this.#entries.get(producerId);
    const earlier = entry?.producerEpoch === producerEpoch ? entry.batches : [];
    const batch = {
      firstSequence: baseSequence,
      lastSequence: lastSequenceOf(header),
      baseOffset,
      lastOffset,
    };
    const batches = [...earlier.slice(1 - batchesKept), batch];
    this.#entries.set(producerId, { producerEpoch, batches, lastUsed: now });
    return { producerId, entry };
  }

  /** Undoes the latest `record` that was not yet undone. */
  undo(undo: ProducerUndo): void {
    this.restore(undo.producerId, undo.entry);
  }

  restore(producerId: number, entry: ProducerEntry | undefined): void {
    if (entry === undefined) this.#entries.delete(producerId);
    else this.#entries.set(producerId, entry);
  }

  /** Forgets the producers that have been silent for `producerExpiryMs`. */
  expire(now: number): void {
    for (const [producerId, entry] of this.#entries) {
      if (now - entry.lastUsed >= producerExpiryMs) this.#entries.delete(producerId);
    }
  }
}

/** Whether a batch takes part: it names a producer and a sequence. */
export function isIdempotent(header: BatchHeader): boolean {
  return header.producerId >= 0 && header.baseSequence >= 0;
}

/** Sequences wrap from 2^31 - 1 to 0. */
function following(sequence: number): number {
  return sequence === largestSequence ? 0 : sequence + 1;
}

function lastSequenceOf(header: BatchHeader): number {
  return (header.baseSequence + header.lastOffset - header.baseOffset) % (largestSequence + 1);
}

function outOfOrder(header: BatchHeader, expected: number): Error {
  return logError(
    'OUT_OF_ORDER_SEQUENCE',
    `producer ${header.producerId} (epoch ${header.producerEpoch}) sent sequence ${header.baseSequence}, expected ${expected}`,
    { details: { producerId: header.producerId, sequence: header.baseSequence, expected } },
  );
}
