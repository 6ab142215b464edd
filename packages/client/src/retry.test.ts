import { CodedError } from '@millrace/runtime';
import { seededRandom, testWorld } from '@millrace/runtime/testing';
import fc from 'fast-check';
import { isRetriable, maxBackoffMs, mayHaveBeenDone, retryDelayMs, retrying } from './retry.ts';

const policy = { attempts: 3, backoffMs: 100 };
const never = new AbortController().signal;

describe('the delay before a retry', () => {
  it('lies within a limit that doubles with each failure, up to a second', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.integer(), (failures, seed) => {
        const delay = retryDelayMs(failures, 100, seededRandom(seed));

        expect(delay).toBeGreaterThan(0);
        expect(delay).toBeLessThanOrEqual(Math.min(maxBackoffMs, 100 * 2 ** (failures - 1)));
      }),
    );
  });
});

describe('an error', () => {
  it('is retriable by the table of the protocol, whatever it says of itself', () => {
    expect(isRetriable(new CodedError('NOT_LEADER_OR_FOLLOWER', ''))).toBe(true);
    expect(isRetriable(new CodedError('MESSAGE_TOO_LARGE', '', { retriable: true }))).toBe(false);
    expect(isRetriable(new CodedError('BROKER_UNREACHABLE', ''))).toBe(true);
    expect(isRetriable(new TypeError('a bug'))).toBe(false);
  });

  it('leaves open whether the work was done when the answer was lost, not when the broker refused', () => {
    expect(mayHaveBeenDone(new CodedError('NETWORK_EXCEPTION', ''))).toBe(true);
    expect(mayHaveBeenDone(new CodedError('REQUEST_TIMED_OUT', ''))).toBe(true);
    expect(mayHaveBeenDone(new CodedError('NOT_LEADER_OR_FOLLOWER', ''))).toBe(false);
    expect(mayHaveBeenDone(new CodedError('MESSAGE_TOO_LARGE', ''))).toBe(false);
  });
});

describe('retrying', () => {
  it('tries again after retriable errors, and rejects with the last one when it had enough', async () => {
    const world = testWorld();
    let attempts = 0;
    const outcome = retrying(
      policy,
      () => Promise.reject(new CodedError('THROTTLED', `attempt ${++attempts}`)),
      world,
      never,
    ).catch((error: Error) => error.message);

    await world.clock.advance(10_000);

    expect(await outcome).toBe('attempt 3');
    expect(attempts).toBe(3);
  });

  it('gives up at once when trying again cannot help', async () => {
    let attempts = 0;
    const work = retrying(
      policy,
      () => Promise.reject(new CodedError('INVALID_REQUEST', `attempt ${++attempts}`)),
      testWorld(),
      never,
    );

    await expect(work).rejects.toMatchObject({ message: 'attempt 1' });
  });

  it('ends with the signal’s reason while it waits', async () => {
    const world = testWorld();
    const controller = new AbortController();
    const outcome = retrying(
      policy,
      () => Promise.reject(new CodedError('THROTTLED', '')),
      world,
      controller.signal,
    ).catch((error: unknown) => error);
    await world.clock.advance(0);

    controller.abort('enough');

    expect(await outcome).toBe('enough');
    expect(world.clock.pending).toBe(0);
  });
});
