import { manualClock } from '@millrace/runtime/testing';
import fc from 'fast-check';
import { type DelayedOperation, Purgatory, type Settled, waitUntil } from './purgatory.ts';

/** Waits for its number to be reached by a counter, and remembers each time it is settled. */
class Countdown implements DelayedOperation {
  readonly settled: Settled[] = [];
  readonly #reached: () => boolean;

  constructor(reached: () => boolean) {
    this.#reached = reached;
  }

  isSatisfied(): boolean {
    return this.#reached();
  }

  settle(how: Settled): void {
    this.settled.push(how);
  }
}

describe('purgatory', () => {
  it('settles at once what is satisfied, and keeps nothing of it', () => {
    const clock = manualClock();
    const purgatory = new Purgatory<string>(clock);
    const operation = new Countdown(() => true);

    purgatory.completeOrWatch(operation, ['a'], 100);

    expect(operation.settled).toEqual(['satisfied']);
    expect(purgatory.size).toBe(0);
    expect(clock.pending).toBe(0);
  });

  it('settles what a check of one of its keys finds satisfied', () => {
    const purgatory = new Purgatory<string>(manualClock());
    let open = false;
    const operation = new Countdown(() => open);
    purgatory.completeOrWatch(operation, ['a', 'b'], 100);

    expect(purgatory.check('b')).toBe(0);
    open = true;
    expect(purgatory.check('c')).toBe(0);
    expect(purgatory.check('b')).toBe(1);
    expect(purgatory.check('a')).toBe(0);

    expect(operation.settled).toEqual(['satisfied']);
  });

  it('expires an operation exactly when its time is over', async () => {
    const clock = manualClock();
    const purgatory = new Purgatory<string>(clock);
    const operation = new Countdown(() => false);
    purgatory.completeOrWatch(operation, ['a'], 100);

    await clock.advance(99);
    expect(operation.settled).toEqual([]);
    await clock.advance(1);

    expect(operation.settled).toEqual(['expired']);
    expect(purgatory.watches('a')).toBe(false);
  });

  it('shares one timer among operations that are due together', () => {
    const clock = manualClock();
    const purgatory = new Purgatory<string>(clock);

    for (let each = 0; each < 1_000; each++) {
      purgatory.completeOrWatch(new Countdown(() => false), ['a'], 30_000);
    }

    expect(clock.pending).toBe(1);
  });

  it('lets an operation that is being settled park another under the same key', () => {
    const purgatory = new Purgatory<string>(manualClock());
    let open = false;
    const second = new Countdown(() => false);
    const first: DelayedOperation = {
      isSatisfied: () => open,
      settle: () => purgatory.completeOrWatch(second, ['a'], 100),
    };
    purgatory.completeOrWatch(first, ['a'], 100);

    open = true;
    purgatory.check('a');

    expect(purgatory.size).toBe(1);
    expect(second.settled).toEqual([]);
  });

  it('tells a waiter whether its condition came true', async () => {
    const clock = manualClock();
    const purgatory = new Purgatory<string>(clock);
    let open = false;
    const early = waitUntil(purgatory, ['a'], () => open, 100);
    const late = waitUntil(purgatory, ['a'], () => false, 100);

    open = true;
    purgatory.check('a');
    await clock.advance(100);

    expect(await early).toBe(true);
    expect(await late).toBe(false);
  });

  it('settles every operation exactly once and keeps nothing behind, whatever happens in whatever order', async () => {
    const key = fc.constantFrom('a', 'b', 'c');
    const step = fc.oneof(
      fc.record({
        kind: fc.constant('park' as const),
        keys: fc.uniqueArray(key, { minLength: 1 }),
        at: fc.nat(20),
        waitMs: fc.nat(30),
      }),
      fc.record({ kind: fc.constant('count' as const), key }),
      fc.record({ kind: fc.constant('advance' as const), ms: fc.nat(20) }),
      fc.record({ kind: fc.constant('abandon' as const), which: fc.nat(20) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const clock = manualClock();
        const purgatory = new Purgatory<string>(clock);
        const operations: Countdown[] = [];
        let count = 0;

        for (const each of steps) {
          if (each.kind === 'park') {
            const operation = new Countdown(() => count >= each.at);
            operations.push(operation);
            purgatory.completeOrWatch(operation, each.keys, each.waitMs);
          } else if (each.kind === 'count') {
            count++;
            purgatory.check(each.key);
          } else if (each.kind === 'advance') {
            await clock.advance(each.ms);
          } else {
            const operation = operations[each.which];
            if (operation !== undefined) purgatory.abandon(operation);
          }
          for (const operation of operations) expect(operation.settled.length).toBeLessThanOrEqual(1);
        }
        await clock.advance(100);

        for (const operation of operations) expect(operation.settled).toHaveLength(1);
        expect(purgatory.size).toBe(0);
        expect(clock.pending).toBe(0);
        for (const each of ['a', 'b', 'c']) expect(purgatory.watches(each)).toBe(false);
      }),
      { numRuns: 60 },
    );
  });
});
