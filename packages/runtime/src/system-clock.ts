import { performance } from 'node:perf_hooks';
import { clearTimeout, setImmediate, setTimeout } from 'node:timers';
import { type SetTimer, sleepWith, timeoutWith } from './abortable-timers.ts';
import type { Clock } from './clock.ts';

/** setTimeout fires at once when asked for more. */
const maxTimeoutMs = 2 ** 31 - 1;

// Taken when this module loads, and the timers from node:timers: fake globals of a test must not freeze a broker in it.
const wallClock = Date.now;

/**
 * Real time. `sleep` keeps the process alive, since somebody awaits it; `after` and `timeout` do not, so that a broker
 * embedded in a script never holds it.
 */
export const systemClock: Clock = {
  now: wallClock,
  monotonic: () => performance.now(),
  sleep: (ms, signal) => sleepWith(timerThat('holds the process'), ms, signal),
  after: (ms, fire) => timerThat('lets it exit')(ms, fire),
  endOfTurn: (fire) => void setImmediate(fire),
  timeout: (ms) => timeoutWith(timerThat('lets it exit'), ms),
};

function timerThat(effect: 'holds the process' | 'lets it exit'): SetTimer {
  return (ms, fire) => {
    let remainingMs = ms;
    const step = (): NodeJS.Timeout => {
      const stepMs = Math.min(Math.ceil(remainingMs), maxTimeoutMs);
      remainingMs -= stepMs;
      const timeout = setTimeout(() => {
        if (remainingMs > 0) current = step();
        else fire();
      }, stepMs);
      return effect === 'holds the process' ? timeout : timeout.unref();
    };
    let current = step();
    return { cancel: () => clearTimeout(current) };
  };
}
