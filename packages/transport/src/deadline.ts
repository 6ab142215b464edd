import type { Clock, Timer } from '@millrace/runtime';

/**
 * A limit on how long something may go on, begun and lifted many times a second: beginning notes the time, and one timer,
 * set seldom, looks whether it is up.
 */
export class Deadline {
  readonly #clock: Clock;
  readonly #ms: number;
  readonly #expired: () => void;
  /** Monotonic, ms; undefined: nothing goes on. */
  #since: number | undefined;
  #timer: Timer | undefined;

  constructor(clock: Clock, ms: number, expired: () => void) {
    this.#clock = clock;
    this.#ms = ms;
    this.#expired = expired;
  }

  /** Counts from now, unless it counts already. */
  begin(): void {
    if (this.#since === undefined) this.restart();
  }

  /** Counts from now. */
  restart(): void {
    this.#since = this.#clock.monotonic();
    this.#timer ??= this.#clock.after(this.#ms, () => this.#look());
  }

  lift(): void {
    this.#since = undefined;
  }

  /** Lifts it for good: no timer stays behind. */
  stop(): void {
    this.#since = undefined;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #look(): void {
    this.#timer = undefined;
    if (this.#since === undefined) return;
    const leftMs = this.#since + this.#ms - this.#clock.monotonic();
    if (leftMs > 0) this.#timer = this.#clock.after(leftMs, () => this.#look());
    else this.#expired();
  }
}
