import { setImmediate } from 'node:timers';
import { sleepWith, timeoutWith } from '../abortable-timers.ts';
import type { Clock, Timer } from '../clock.ts';

/**
 * Time that stands still until it is told to go on. End-of-turn calls run by themselves at the end of the real turn, as
 * in production, so that what needs no time can simply be awaited.
 */
export interface ManualClock extends Clock {
  /**
   * Moves time on by `ms`, firing due timers one by one in order (of the same moment: in the order they were set) and
   * letting promises settle in between; drains end-of-turn calls. Rejects with what a timer throws, and with an Error
   * when timers or end-of-turn calls set each other for ever. Calls add up, also from inside a timer.
   */
  advance(ms: number): Promise<void>;
  /** Timers that are set. */
  readonly pending: number;
}

/** A clock whose wall time begins at `startMs` (ms since the epoch) and whose monotonic time begins at 0. */
export function manualClock(startMs: number = Date.UTC(2026, 0, 1)): ManualClock {
  return new SteppedClock(startMs);
}

/** More steps than this without time moving on is a loop, not a program. */
const maxStepsAtOneMoment = 100_000;

interface SetTimerEntry {
  readonly due: number;
  readonly order: number;
  readonly fire: () => void;
}

class SteppedClock implements ManualClock {
  readonly #startMs: number;
  /** Sorted by due time, then by order. */
  readonly #timers: SetTimerEntry[] = [];
  #timersSet = 0;
  #endOfTurnCalls = 0;
  #elapsedMs = 0;
  /** Where all `advance` calls so far lead. */
  #targetMs = 0;

  constructor(startMs: number) {
    this.#startMs = startMs;
  }

  get pending(): number {
    return this.#timers.length;
  }

  now(): number {
    return Math.floor(this.#startMs + this.#elapsedMs);
  }

  monotonic(): number {
    return this.#elapsedMs;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return sleepWith((delay, fire) => this.after(delay, fire), ms, signal);
  }

  after(ms: number, fire: () => void): Timer {
    if (Number.isNaN(ms)) throw new RangeError('a timer needs a number of milliseconds');
    const timer = { due: this.#elapsedMs + Math.max(0, ms), order: this.#timersSet++, fire };
    this.#timers.splice(this.#positionOf(timer), 0, timer);
    return {
      cancel: () => {
        const position = this.#positionOf(timer);
        if (this.#timers[position] === timer) this.#timers.splice(position, 1);
      },
    };
  }

  endOfTurn(fire: () => void): void {
    this.#endOfTurnCalls++;
    setImmediate(() => {
      this.#endOfTurnCalls--;
      fire();
    });
  }

  timeout(ms: number): AbortSignal {
    return timeoutWith((delay, fire) => this.after(delay, fire), ms);
  }

  async advance(ms: number): Promise<void> {
    if (!(ms >= 0 && ms < Number.POSITIVE_INFINITY)) throw new RangeError(`cannot advance by ${ms} ms`);
    this.#targetMs += ms;
    const targetMs = this.#targetMs;
    await this.#settle();
    let steps = 0;
    for (let timer = this.#timers[0]; timer !== undefined && timer.due <= targetMs; timer = this.#timers[0]) {
      steps = timer.due > this.#elapsedMs ? 0 : steps + 1;
      if (steps > maxStepsAtOneMoment)
        throw new Error(`timers set each other for ever at ${this.#elapsedMs} ms`);
      this.#timers.shift();
      this.#elapsedMs = Math.max(this.#elapsedMs, timer.due);
      timer.fire();
      await this.#settle();
    }
    this.#elapsedMs = Math.max(this.#elapsedMs, targetMs);
  }

  /** One real turn settles every promise that waits for nothing else; end-of-turn calls may begin new work. */
  async #settle(): Promise<void> {
    for (let turns = 0; turns <= maxStepsAtOneMoment; turns++) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      if (this.#endOfTurnCalls === 0) return;
    }
    throw new Error(`end-of-turn calls set each other for ever at ${this.#elapsedMs} ms`);
  }

  #positionOf(timer: SetTimerEntry): number {
    let low = 0;
    let high = this.#timers.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = this.#timers[middle];
      if (other === undefined) throw new RangeError(`no timer at ${middle}`);
      const isBefore = other.due < timer.due || (other.due === timer.due && other.order < timer.order);
      if (isBefore) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
