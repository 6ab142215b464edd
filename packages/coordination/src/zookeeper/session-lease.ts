import type { Clock, Timer } from '@millrace/runtime';

/**
 * How sure a process may be that its session lives. A server keeps a session for its timeout from the moment it last
 * heard of it, so an answer proves the session until a timeout after the question was *sent*, whatever happened to
 * this process since: a stopped process finds itself unsure at its first look. A loss of the connection that was
 * noticed shortens that to a third of the timeout from then (protocols §C).
 */
export class SessionLease {
  readonly #clock: Clock;
  readonly #onChange: () => void;
  #timeoutMs = 0;
  #provenAt = Number.NEGATIVE_INFINITY;
  #lostAt: number | undefined;
  #told = false;
  #timer: Timer | undefined;
  #timerAt = 0;

  /** `onChange` is called when `sure` has become another. */
  constructor(clock: Clock, onChange: () => void) {
    this.#clock = clock;
    this.#onChange = onChange;
  }

  get sure(): boolean {
    return this.#clock.monotonic() < this.#deadline();
  }

  /** As agreed with the server, at each connection. */
  agree(timeoutMs: number): void {
    this.#timeoutMs = timeoutMs;
  }

  prove(sentAt: number): void {
    // What lapsed while nobody looked is told first.
    this.#look();
    this.#provenAt = Math.max(this.#provenAt, sentAt);
    this.#look();
  }

  lose(): void {
    this.#lostAt ??= this.#clock.monotonic();
    this.#look();
  }

  /** Connected again; if it had lapsed, only what is answered from now on proves it. */
  regain(): void {
    this.#lostAt = undefined;
    this.#look();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #deadline(): number {
    const lease = this.#provenAt + this.#timeoutMs;
    return this.#lostAt === undefined ? lease : Math.min(lease, this.#lostAt + this.#timeoutMs / 3);
  }

  #look(): void {
    const deadline = this.#deadline();
    const remaining = deadline - this.#clock.monotonic();
    const sure = remaining > 0;
    // A timer that fires too early looks again; most answers need not set one.
    if (sure && (this.#timer === undefined || this.#timerAt > deadline)) {
      this.stop();
      this.#timerAt = deadline;
      this.#timer = this.#clock.after(Math.ceil(remaining), () => {
        this.#timer = undefined;
        this.#look();
      });
    }
    if (sure === this.#told) return;
    this.#told = sure;
    this.#onChange();
  }
}
