import type { Clock, Timer } from '@millrace/runtime';

/** Stops and continues all that happens inside one simulated process, as SIGSTOP and SIGCONT do. */
export class ProcessGate {
  #waiting: (() => void)[] | undefined;

  get paused(): boolean {
    return this.#waiting !== undefined;
  }

  pause(): void {
    this.#waiting ??= [];
  }

  resume(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const step of waiting) step();
  }

  /** Runs the step now, or when the process goes on. */
  run(step: () => void): void {
    if (this.#waiting === undefined) step();
    else this.#waiting.push(step);
  }

  pass(): Promise<void> {
    return new Promise((resolve) => this.run(resolve));
  }
}

/** The clock as the process sees it: time goes on while it is stopped, its timers fire when it goes on. */
export function clockInside(clock: Clock, gate: ProcessGate): Clock {
  const after = (ms: number, fire: () => void): Timer => {
    let cancelled = false;
    const timer = clock.after(ms, () => gate.run(() => cancelled || fire()));
    return {
      cancel: () => {
        cancelled = true;
        timer.cancel();
      },
    };
  };
  return {
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    endOfTurn: (fire) => clock.endOfTurn(fire),
    timeout: (ms) => clock.timeout(ms),
    after,
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      await new Promise<void>((resolve) => {
        const end = (): void => {
          timer.cancel();
          signal?.removeEventListener('abort', end);
          resolve();
        };
        const timer = after(ms, end);
        signal?.addEventListener('abort', end, { once: true });
      });
      signal?.throwIfAborted();
    },
  };
}
