import type { Timer } from './clock.ts';

/** How a clock sets one timer; what it fires is called once. */
export type SetTimer = (ms: number, fire: () => void) => Timer;

/** `Clock.sleep` over a clock's own timers. */
export async function sleepWith(setTimer: SetTimer, ms: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  const end = await new Promise<'elapsed' | 'aborted'>((resolve) => {
    const abandon = (): void => {
      timer.cancel();
      resolve('aborted');
    };
    const timer = setTimer(ms, () => {
      signal?.removeEventListener('abort', abandon);
      resolve('elapsed');
    });
    signal?.addEventListener('abort', abandon, { once: true });
  });
  if (end === 'aborted') signal?.throwIfAborted();
}

/** `Clock.timeout` over a clock's own timers. */
export function timeoutWith(setTimer: SetTimer, ms: number): AbortSignal {
  const controller = new AbortController();
  setTimer(ms, () => controller.abort(new DOMException(`timed out after ${ms} ms`, 'TimeoutError')));
  return controller.signal;
}
