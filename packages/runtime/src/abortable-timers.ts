import type { Timer } from './clock.ts';

/** How a clock sets one timer; what it fires is called once. */
export type SetTimer = (ms: number, fire: () => void) => Timer;

/** `Clock.sleep` over a clock's own timers. */
export function sleepWith(setTimer: SetTimer, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const abandon = (): void => {
      timer.cancel();
      reject(signal?.reason);
    };
    const timer = setTimer(ms, () => {
      signal?.removeEventListener('abort', abandon);
      resolve();
    });
    signal?.addEventListener('abort', abandon, { once: true });
  });
}

/** `Clock.timeout` over a clock's own timers. */
export function timeoutWith(setTimer: SetTimer, ms: number): AbortSignal {
  const controller = new AbortController();
  setTimer(ms, () => controller.abort(new DOMException(`timed out after ${ms} ms`, 'TimeoutError')));
  return controller.signal;
}
