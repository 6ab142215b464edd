import { type ApiName, apiError } from '@millrace/protocol';
import type { Clock, Timer } from '@millrace/runtime';

/** Who waits for what. */
interface Waiting {
  readonly api: ApiName;
  /** Whether the broker answers it (acks none: it does not). */
  readonly answered: boolean;
  readonly resolve: (response: never) => void;
  readonly reject: (error: Error) => void;
}

interface PendingCall extends Waiting {
  /** On the monotonic clock, ms. */
  readonly begunAt: number;
  readonly deadline: number;
}

/** Answers that may still come after their call has timed out. */
const maxAbandoned = 10_000;

/** The calls of one connection that wait: each settles once, by its answer, its deadline or the connection's end. */
export class PendingCalls {
  readonly #clock: Clock;
  readonly #dead: (reason: string) => void;
  readonly #calls = new Map<number, PendingCall>();
  /** Timed out; their answers may still come and are nobody's. */
  readonly #abandoned = new Set<number>();
  #lastCorrelation = 0;
  #lastHeardAt = Number.NEGATIVE_INFINITY;
  /** One timer for all calls, set for the earliest deadline known when it was set. */
  #timer: Timer | undefined;
  #timerDue = Number.POSITIVE_INFINITY;

  /** `dead` is called when the broker has to be given up. */
  constructor(clock: Clock, dead: (reason: string) => void) {
    this.#clock = clock;
    this.#dead = dead;
  }

  /** Never one whose answer may still come. */
  nextCorrelation(): number {
    do this.#lastCorrelation = correlationAfter(this.#lastCorrelation);
    while (this.#calls.has(this.#lastCorrelation) || this.#abandoned.has(this.#lastCorrelation));
    return this.#lastCorrelation;
  }

  /** From now on the call waits, for `timeoutMs` at most. */
  add(correlation: number, timeoutMs: number, call: Waiting): void {
    const begunAt = this.#clock.monotonic();
    const deadline = begunAt + timeoutMs;
    const { api, answered, resolve, reject } = call;
    this.#calls.set(correlation, { api, answered, begunAt, deadline, resolve, reject });
    if (deadline < this.#timerDue) this.#setTimer(deadline, timeoutMs);
  }

  /** Something came from the broker: it lives. */
  heard(): void {
    this.#lastHeardAt = this.#clock.monotonic();
  }

  /** The call that an answer is for; undefined: it timed out before. CORRUPT_MESSAGE when nobody asked. */
  take(correlation: number): PendingCall | undefined {
    const call = this.#calls.get(correlation);
    if (call !== undefined) this.#calls.delete(correlation);
    else if (!this.#abandoned.delete(correlation))
      throw apiError('CORRUPT_MESSAGE', 'the broker sent an answer that nobody asked for');
    return call;
  }

  /** Settles a call that gets no answer, once its bytes have left. */
  written(correlation: number): void {
    const call = this.#calls.get(correlation);
    this.#calls.delete(correlation);
    call?.resolve({ partitions: [] } as never);
  }

  rejectAll(error: Error): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#timerDue = Number.POSITIVE_INFINITY;
    const calls = [...this.#calls.values()];
    this.#calls.clear();
    for (const { reject } of calls) reject(error);
  }

  #setTimer(due: number, ms: number): void {
    this.#timer?.cancel();
    this.#timerDue = due;
    this.#timer = this.#clock.after(ms, () => this.#expire());
  }

  #expire(): void {
    const now = this.#clock.monotonic();
    this.#timer = undefined;
    this.#timerDue = Number.POSITIVE_INFINITY;
    let earliest = Number.POSITIVE_INFINITY;
    let silent = false;
    for (const [correlation, call] of this.#calls) {
      if (call.deadline > now) {
        earliest = Math.min(earliest, call.deadline);
        continue;
      }
      this.#calls.delete(correlation);
      if (call.answered) this.#abandoned.add(correlation);
      silent ||= call.begunAt > this.#lastHeardAt;
      call.reject(timedOut(call, now));
    }
    if (earliest < this.#timerDue) this.#setTimer(earliest, earliest - now);
    if (silent) this.#dead('the broker said nothing while a call timed out');
    else if (this.#abandoned.size > maxAbandoned) this.#dead('the broker answers too few calls');
  }
}

/** Wraps at 31 bits: Kafka's protocol has a sign. */
export function correlationAfter(correlation: number): number {
  return (correlation + 1) & 0x7fffffff;
}

function timedOut({ api, begunAt }: PendingCall, now: number): Error {
  return apiError(
    'REQUEST_TIMED_OUT',
    `the broker did not answer ${api} within ${Math.round(now - begunAt)} ms; the work may have been done`,
  );
}
