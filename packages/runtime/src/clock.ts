/**
 * Time as an argument. Production uses `systemClock`; tests use `manualClock()` from `@millrace/runtime/testing`.
 * Nothing outside this package may reach for `Date.now`, `performance.now`, timers or `AbortSignal.timeout`.
 */
export interface Clock {
  /** Wall clock, ms since the epoch. May jump; never use it for durations. */
  now(): number;
  /** Milliseconds that never go back; only for durations. */
  monotonic(): number;
  /** Resolves after `ms`; rejects with the signal's reason when it aborts first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Calls `fire` once after `ms`, unless cancelled. An exception in `fire` is the caller's bug and is not caught. */
  after(ms: number, fire: () => void): Timer;
  /** Calls `fire` once what has arrived in this turn of the event loop is handled: the moment to write what has gathered. */
  endOfTurn(fire: () => void): void;
  /** Aborts after `ms` with a TimeoutError; does not keep the process alive. */
  timeout(ms: number): AbortSignal;
}

export interface Timer {
  /** Idempotent; a no-op after the timer fired. */
  cancel(): void;
}
