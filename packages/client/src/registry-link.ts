import type { SessionState } from '@millrace/coordination';
import type { Connection } from '@millrace/protocol';
import { codeOf, type Timer, type World } from '@millrace/runtime';
import { type Answer, checkedAnswer, type Operation, sessionExpired } from './registry-answer.ts';

/** Who is told what comes over the link. */
export interface LinkListener {
  readonly changed: (paths: readonly string[]) => void;
  readonly stateMoved: () => void;
  readonly failed: (error: Error) => void;
}

const nothing = Buffer.alloc(0);
/** Between two attempts to reach the broker. */
const retryMs = 200;

/**
 * What keeps a session alive over any number of connections: one poll under way at all times, which brings the changes
 * and is the sign of life, and calls beside it over the same connection.
 */
export class RegistryLink {
  readonly #session: string;
  readonly #timeoutMs: number;
  readonly #connect: () => Promise<Connection>;
  readonly #world: World;
  readonly #over = new AbortController();
  #connection: Connection;
  /** Counts connections: the broker refuses what comes over one before. */
  #attachment = 1;
  #reconnecting: Promise<void> | undefined;
  #state: SessionState = 'connected';
  #unsure: Timer | undefined;
  #seen = 0;
  #listener: LinkListener | undefined;

  constructor(
    session: string,
    timeoutMs: number,
    connect: () => Promise<Connection>,
    connection: Connection,
    world: World,
  ) {
    this.#session = session;
    this.#timeoutMs = timeoutMs;
    this.#connect = connect;
    this.#connection = connection;
    this.#world = world;
  }

  get state(): SessionState {
    return this.#state;
  }

  /** Begins to poll. */
  follow(listener: LinkListener): void {
    this.#listener = listener;
    void this.#poll();
  }

  /** `lost`: it was asked, and no answer came. Waits for a connection where there is none. SESSION_EXPIRED. */
  async ask(operation: Operation): Promise<Answer | 'lost'> {
    while (this.#reconnecting !== undefined) await this.#reconnecting;
    if (this.#state === 'expired') throw sessionExpired();
    const connection = this.#connection;
    const request = { data: nothing, ...operation, session: this.#session, attachment: this.#attachment };
    let answer: Answer;
    try {
      answer = await connection.call('registryCall', request);
    } catch (error) {
      if (!isLoss(error)) throw error;
      this.#lost(connection);
      return 'lost';
    }
    this.#heard();
    if (answer.outcome === 'SESSION_EXPIRED') this.#expire();
    return answer;
  }

  /** Until it is there, or the session is over; the broker answers with a first look. */
  watch(path: string): void {
    void this.#untilAnswered({ operation: 'watch', path });
  }

  unwatch(path: string): void {
    // One that is lost is not asked again: it might undo a later watch. What the broker tells for nobody does no harm.
    if (this.#state !== 'expired') this.ask({ operation: 'unwatch', path }).catch(() => {});
  }

  /** Ends the session with the broker, if it can be reached now; else it ends there when its time is over. */
  async close(): Promise<void> {
    if (this.#state === 'expired') return;
    const { clock } = this.#world;
    const enough = new AbortController();
    const closing =
      this.#reconnecting === undefined ? this.ask({ operation: 'close', path: '/' }) : undefined;
    await Promise.race([
      closing?.then(
        () => {},
        () => {},
      ),
      clock.sleep(this.#timeoutMs, enough.signal).catch(() => {}),
    ]);
    enough.abort();
    this.#expire();
  }

  async #untilAnswered(operation: Operation): Promise<void> {
    try {
      for (;;) {
        const answer = await this.ask(operation);
        if (answer === 'lost') continue;
        checkedAnswer(answer, operation);
        return;
      }
    } catch (error) {
      if (this.#state !== 'expired') this.#listener?.failed(error as Error);
    }
  }

  async #poll(): Promise<void> {
    while (this.#state !== 'expired') {
      while (this.#reconnecting !== undefined) await this.#reconnecting;
      const connection = this.#connection;
      try {
        const { outcome, sequence, changed } = await connection.call('registryPoll', {
          session: this.#session,
          attachment: this.#attachment,
          seen: this.#seen,
          maxWaitMs: Math.floor(this.#timeoutMs / 3),
        });
        if (this.#isOver) return;
        this.#heard();
        if (outcome === 'SESSION_EXPIRED') this.#expire();
        else this.#changed(sequence, changed);
      } catch (error) {
        if (isLoss(error)) this.#lost(connection);
        else await this.#pause();
      }
    }
  }

  #changed(sequence: number, paths: readonly string[]): void {
    this.#seen = sequence;
    if (paths.length > 0) this.#listener?.changed(paths);
  }

  #pause(): Promise<void> {
    return this.#world.clock.sleep(retryMs, this.#over.signal).catch(() => {});
  }

  get #isOver(): boolean {
    return this.#state === 'expired';
  }

  #heard(): void {
    this.#unsure?.cancel();
    this.#unsure = undefined;
    this.#moveTo('connected');
  }

  /** Opens another connection, once, however many calls have noticed. */
  #lost(connection: Connection): void {
    if (connection !== this.#connection || this.#isOver) return;
    this.#unsure ??= this.#world.clock.after(this.#timeoutMs / 3, () => this.#moveTo('unsure'));
    this.#reconnecting ??= this.#reconnect().finally(() => {
      this.#reconnecting = undefined;
    });
  }

  async #reconnect(): Promise<void> {
    while (!this.#isOver) {
      try {
        const connection = await this.#connect();
        if (connection === this.#connection) await this.#pause();
        this.#connection = connection;
        this.#attachment += 1;
        return;
      } catch (error) {
        // The state says that the broker is away; the next attempt may reach it, unless the client was closed.
        if (codeOf(error) === 'CLUSTER_CLOSED') this.#expire();
      }
      await this.#pause();
    }
  }

  #expire(): void {
    if (this.#isOver) return;
    this.#unsure?.cancel();
    this.#moveTo('expired');
    this.#over.abort();
  }

  #moveTo(state: SessionState): void {
    if (this.#state === state || this.#isOver) return;
    this.#state = state;
    this.#listener?.stateMoved();
  }
}

/** Nobody knows whether it was done: anything else is the broker's answer. */
function isLoss(error: unknown): boolean {
  const code = codeOf(error);
  return code === 'NETWORK_EXCEPTION' || code === 'REQUEST_TIMED_OUT';
}
