import type { Clock, Timer } from '@millrace/runtime';

/** An answer that waits for something to happen to a partition or a topic. */
export interface DelayedOperation<Key = unknown> {
  /**
   * Whether what it waits for has come, or can come no more. Cheap: it is asked at every change, with what has changed since
   * it was last asked; without, anything may have.
   */
  isSatisfied(changed?: Key): boolean;
  /** The end, exactly once. Must not throw. */
  settle(how: Settled): void;
}

/** `abandoned`: nobody waits for the answer any more, or the broker stops. */
export type Settled = 'satisfied' | 'expired' | 'abandoned';

/**
 * Where answers wait until something happens to what they watch, or until their time is over. Each operation settles
 * exactly once, and nothing of it stays behind: no timer, no entry.
 */
export class Purgatory<Key> {
  readonly #clock: Clock;
  readonly #parked = new Map<DelayedOperation<Key>, Parked<Key>>();
  readonly #watching = new Map<Key, Set<Parked<Key>>>();
  /** Operations that are due in the same millisecond share a timer: thousands of produce requests have equal timeouts. */
  readonly #due = new Map<number, { readonly timer: Timer; readonly parked: Set<Parked<Key>> }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Operations that wait. */
  get size(): number {
    return this.#parked.size;
  }

  /** Whether any operation waits for this key. */
  watches(key: Key): boolean {
    return this.#watching.has(key);
  }

  /** Settles it at once if it is satisfied; else keeps it until a `check` of one of its keys finds it so, or `waitMs` are over. */
  completeOrWatch(operation: DelayedOperation<Key>, keys: readonly Key[], waitMs: number): void {
    if (operation.isSatisfied()) {
      operation.settle('satisfied');
      return;
    }
    const parked = { operation, keys, dueMs: Math.ceil(this.#clock.monotonic() + waitMs) };
    this.#parked.set(operation, parked);
    for (const key of keys) this.#watch(key, parked);
    this.#schedule(parked);
  }

  /** Something happened to `key`: settles what is satisfied now; returns how many that were. */
  check(key: Key): number {
    const watching = this.#watching.get(key);
    if (watching === undefined) return 0;
    let settled = 0;
    for (const parked of watching) {
      if (!parked.operation.isSatisfied(key)) continue;
      this.#settle(parked, 'satisfied');
      settled++;
    }
    return settled;
  }

  /** Nobody waits for this one any more. A no-op when it has settled. */
  abandon(operation: DelayedOperation<Key>): void {
    const parked = this.#parked.get(operation);
    if (parked !== undefined) this.#settle(parked, 'abandoned');
  }

  /** Ends the wait of everything. */
  abandonAll(): void {
    for (const parked of this.#parked.values()) this.#settle(parked, 'abandoned');
  }

  #settle(parked: Parked<Key>, how: Settled): void {
    if (!this.#parked.delete(parked.operation)) return;
    for (const key of parked.keys) {
      const watching = this.#watching.get(key);
      watching?.delete(parked);
      if (watching?.size === 0) this.#watching.delete(key);
    }
    const due = this.#due.get(parked.dueMs);
    due?.parked.delete(parked);
    if (due?.parked.size === 0) {
      due.timer.cancel();
      this.#due.delete(parked.dueMs);
    }
    parked.operation.settle(how);
  }

  #watch(key: Key, parked: Parked<Key>): void {
    const watching = this.#watching.get(key);
    if (watching === undefined) this.#watching.set(key, new Set([parked]));
    else watching.add(parked);
  }

  #schedule(parked: Parked<Key>): void {
    const { dueMs } = parked;
    const due = this.#due.get(dueMs);
    if (due !== undefined) {
      due.parked.add(parked);
      return;
    }
    const timer = this.#clock.after(Math.max(0, dueMs - this.#clock.monotonic()), () => this.#expire(dueMs));
    this.#due.set(dueMs, { timer, parked: new Set([parked]) });
  }

  #expire(dueMs: number): void {
    for (const parked of this.#due.get(dueMs)?.parked ?? []) this.#settle(parked, 'expired');
  }
}

interface Parked<Key> {
  readonly operation: DelayedOperation<Key>;
  readonly keys: readonly Key[];
  readonly dueMs: number;
}

/** Waits in a purgatory for a condition; false when the time was over, or the purgatory emptied, before it held. */
export function waitUntil<Key>(
  purgatory: Purgatory<Key>,
  keys: readonly Key[],
  condition: () => boolean,
  waitMs: number,
): Promise<boolean> {
  return new Promise((resolve) => {
    const operation: DelayedOperation<Key> = {
      isSatisfied: condition,
      settle: (how) => resolve(how === 'satisfied'),
    };
    purgatory.completeOrWatch(operation, keys, waitMs);
  });
}
