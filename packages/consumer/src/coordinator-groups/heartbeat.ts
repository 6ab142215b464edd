import type { ErrorCode } from '@millrace/protocol';
import type { Timer, World } from '@millrace/runtime';
import type { CoordinatorLink } from './coordinator-link.ts';

/** Between two heartbeats, at most: so long it takes until a member hears of a rebalance. */
const maxBeatMs = 1_000;

/** Says nothing of the member. */
const isAway: ReadonlySet<ErrorCode> = new Set([
  'NOT_COORDINATOR',
  'COORDINATOR_NOT_AVAILABLE',
  'COORDINATOR_LOAD_IN_PROGRESS',
]);

/** A member of one generation, as the coordinator knows it. */
export interface Identity {
  readonly groupId: string;
  readonly memberId: string;
  readonly generation: number;
}

export interface HeartbeatHost {
  /** The group rebalances: give back what you hold and join again. Said once. */
  onRebalance(): void;
  /** The coordinator does not know the member, or has not been heard of for the session's time: others may own what it held. Said once. */
  onLost(reason: ErrorCode | 'SESSION_OVER'): void;
}

/**
 * Tells the coordinator every second, at least three times in a session, that the member lives, and knows until when it surely counts as alive:
 * the coordinator's time begins when it gets a heartbeat, which is after the heartbeat was sent.
 */
export class Heartbeat {
  readonly #link: CoordinatorLink;
  readonly #identity: Identity;
  readonly #sessionTimeoutMs: number;
  readonly #host: HeartbeatHost;
  readonly #world: World;
  readonly #stopped = new AbortController();
  #aliveUntil: number;
  #sessionTimer: Timer;
  #isRebalancing = false;

  /** `heardAt`: when the question was sent that was answered last, on the monotonic clock. */
  constructor(
    { link, identity, heardAt }: { link: CoordinatorLink; identity: Identity; heardAt: number },
    sessionTimeoutMs: number,
    host: HeartbeatHost,
    world: World,
  ) {
    this.#link = link;
    this.#identity = identity;
    this.#sessionTimeoutMs = sessionTimeoutMs;
    this.#host = host;
    this.#world = world;
    this.#aliveUntil = heardAt + sessionTimeoutMs;
    this.#sessionTimer = this.#watch();
    void this.#run();
  }

  /** Asked before each hand-out: a process that was stopped does not hear its timers first. */
  get isAlive(): boolean {
    return !this.#stopped.signal.aborted && this.#world.clock.monotonic() < this.#aliveUntil;
  }

  /** Idempotent. */
  stop(): void {
    this.#stopped.abort();
    this.#sessionTimer.cancel();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopped;
    const { clock } = this.#world;
    const beatMs = Math.min(maxBeatMs, this.#sessionTimeoutMs / 3);
    for (let failures = 0; !signal.aborted; ) {
      try {
        if (failures === 0) await clock.sleep(beatMs, signal);
        else await this.#link.pause(failures, signal);
      } catch {
        return;
      }
      failures = (await this.#beat()) ? 0 : failures + 1;
    }
  }

  /** Whether the coordinator has answered. */
  async #beat(): Promise<boolean> {
    const askedAt = this.#world.clock.monotonic();
    const error = await this.#link.call('heartbeat', this.#identity).then(
      (answer) => answer.error,
      () => undefined,
    );
    if (this.#stopped.signal.aborted) return true;
    if (error === undefined || isAway.has(error)) return false;
    if (error === 'NONE' || error === 'REBALANCE_IN_PROGRESS') this.#heard(askedAt, error !== 'NONE');
    else this.#lose(error);
    return true;
  }

  #heard(askedAt: number, rebalances: boolean): void {
    this.#aliveUntil = askedAt + this.#sessionTimeoutMs;
    this.#sessionTimer.cancel();
    this.#sessionTimer = this.#watch();
    if (!rebalances || this.#isRebalancing) return;
    this.#isRebalancing = true;
    this.#host.onRebalance();
  }

  #watch(): Timer {
    const { clock } = this.#world;
    return clock.after(Math.max(0, this.#aliveUntil - clock.monotonic()), () => this.#lose('SESSION_OVER'));
  }

  #lose(reason: ErrorCode | 'SESSION_OVER'): void {
    if (this.#stopped.signal.aborted) return;
    this.stop();
    this.#host.onLost(reason);
  }
}
