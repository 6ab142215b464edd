import type { ConsumerRecord } from './config.ts';
import type { Held, ManyInHand } from './in-hand.ts';

export interface ForEachOptions {
  /** How many records are worked on at a time. 1 */
  concurrency?: number;
  /** Takes no more records, and resolves once those in hand are done. */
  signal?: AbortSignal;
}

/** What is done with a record. */
export type Handler<Key, Value> = (record: ConsumerRecord<Key, Value>) => Promise<void> | void;

/**
 * Hands records to `handle`, up to `concurrency` at a time, those of one key (and partition) one after the other.
 * Resolves when there are no more; rejects with the first failure, once all that was begun has ended.
 */
export async function forEachRecord<Key, Value>(
  records: AsyncIterableIterator<ConsumerRecord<Key, Value>>,
  inHand: ManyInHand,
  handle: Handler<Key, Value>,
  { concurrency = 1, signal }: ForEachOptions,
): Promise<void> {
  if (!Number.isInteger(concurrency) || concurrency < 1)
    throw new RangeError(`concurrency is ${concurrency}, it is a whole number from 1 on`);
  const end = (): void => void records.return?.();
  const lanes = new Lanes(end);
  signal?.addEventListener('abort', end, { once: true });
  try {
    while (signal?.aborted !== true) {
      const { value: record, done } = await records.next();
      if (done === true) break;
      const held = inHand.latest as Held;
      lanes.run(held, async () => {
        await handle(record);
        inHand.done(held);
      });
      await lanes.untilBelow(concurrency);
    }
  } finally {
    signal?.removeEventListener('abort', end);
    await lanes.untilBelow(1);
    end();
  }
  lanes.throwFailure();
}

/** Work on records: in order within a key, side by side otherwise. */
class Lanes {
  /** The last work of each key that has any. */
  readonly #lanes = new Map<string, Promise<void>>();
  readonly #failures: unknown[] = [];
  readonly #onFailure: () => void;
  #running = 0;
  #wake = (): void => {};

  constructor(onFailure: () => void) {
    this.#onFailure = onFailure;
  }

  throwFailure(): void {
    if (this.#failures.length > 0) throw this.#failures[0];
  }

  run({ partition, key }: Held, work: () => Promise<void>): void {
    this.#running += 1;
    const lane = key === null ? undefined : `${partition.name}/${key.toString('latin1')}`;
    const before = lane === undefined ? undefined : this.#lanes.get(lane);
    const running = this.#carryOut(before, work).then(() => {
      if (lane !== undefined && this.#lanes.get(lane) === running) this.#lanes.delete(lane);
    });
    if (lane !== undefined) this.#lanes.set(lane, running);
  }

  /** Resolves when fewer than `count` records are worked on. */
  async untilBelow(count: number): Promise<void> {
    while (this.#running >= count)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
  }

  /** What comes after a failure is not begun: it would be done again. */
  async #carryOut(before: Promise<void> | undefined, work: () => Promise<void>): Promise<void> {
    try {
      await before;
      if (this.#failures.length === 0) await work();
    } catch (error) {
      this.#failures.push(error);
      this.#onFailure();
    } finally {
      this.#running -= 1;
      this.#wake();
    }
  }
}
