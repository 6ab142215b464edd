import type { Clock, Random } from '@millrace/runtime';
import { registryError } from '../../errors.ts';
import type { MemorySession } from '../../memory-session.ts';
import { Pulse } from '../../pulse.ts';
import type { Registry, RegistryNode, SessionState } from '../../registry.ts';
import type { ProcessGate } from './process-gate.ts';

/** What lies between a process and its registry. */
export interface Link {
  readonly clock: Clock;
  readonly random: Random;
  readonly gate: ProcessGate;
  /** Some ways take up to this many milliseconds. */
  delayMs: number;
  /** One of this many calls is lost, or its answer is; 0: none. */
  lossOneIn: number;
}

/**
 * A session on a memory registry as a process sees it over a network: calls and answers take time and keep their order,
 * some are lost, the connection breaks and comes back, and the news that the session expired comes late.
 */
export class UnreliableSession implements Registry {
  readonly inner: MemorySession;
  readonly #link: Link;
  readonly #pulses = new Set<Pulse<SessionState>>();
  #requests: Promise<void> = Promise.resolve();
  #answers: Promise<void> = Promise.resolve();
  #state: SessionState = 'connected';
  #down = false;
  /** Ends when the session does; a test that cares awaits it. */
  readonly following: Promise<void>;

  constructor(inner: MemorySession, link: Link) {
    this.inner = inner;
    this.#link = link;
    this.following = this.#followEnd();
  }

  get state(): SessionState {
    return this.#state;
  }

  /** From now on nothing goes through, until `reconnect`. */
  disconnect(): void {
    this.#down = true;
    if (this.#state === 'connected') this.#become('unsure');
  }

  reconnect(): void {
    this.#down = false;
    if (this.#state === 'unsure') this.#become('connected');
  }

  create(path: string, data: Uint8Array, options?: { ephemeral?: boolean }): Promise<RegistryNode> {
    return this.#call(() => this.inner.create(path, data, options));
  }

  get(path: string): Promise<RegistryNode | undefined> {
    return this.#call(() => this.inner.get(path));
  }

  set(path: string, data: Uint8Array, expected: { version: number }): Promise<number> {
    return this.#call(() => this.inner.set(path, data, expected));
  }

  delete(path: string, expected?: { version: number }): Promise<void> {
    return this.#call(() => this.inner.delete(path, expected));
  }

  children(path: string): Promise<string[]> {
    return this.#call(() => this.inner.children(path));
  }

  async *watch(path: string, signal: AbortSignal): AsyncGenerator<void, void, undefined> {
    for await (const _ of this.inner.watch(path, signal)) {
      await this.#travel();
      if (signal.aborted || this.#state === 'expired') return;
      yield;
    }
  }

  states(signal: AbortSignal): AsyncIterable<SessionState> {
    return {
      [Symbol.asyncIterator]: () => {
        const pulse: Pulse<SessionState> = new Pulse(() => this.#state, {
          pending: true,
          signal,
          onEnd: () => this.#pulses.delete(pulse),
        });
        if (this.#state === 'expired') pulse.finish();
        if (!pulse.ended) this.#pulses.add(pulse);
        return pulse;
      },
    };
  }

  async close(): Promise<void> {
    await this.inner.close();
    this.#become('expired');
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #followEnd(): Promise<void> {
    for await (const state of this.inner.states(new AbortController().signal)) {
      if (state !== 'expired') continue;
      await this.#travel();
      this.#become('expired');
    }
  }

  #become(state: SessionState): void {
    if (this.#state === 'expired' || this.#state === state) return;
    this.#state = state;
    for (const pulse of [...this.#pulses]) {
      pulse.notify();
      if (state === 'expired') pulse.finish();
    }
  }

  async #call<Answer>(act: () => Promise<Answer>): Promise<Answer> {
    const { random, lossOneIn } = this.#link;
    const lost = lossOneIn > 0 && random.int(lossOneIn) === 0;
    const lostOnTheWay = lost && random.int(2) === 0;
    this.#requests = this.#requests.then(() => this.#travel());
    await this.#requests;
    if (this.#down || lostOnTheWay) return this.#unanswered();
    const answer = await act().then(
      (value) => () => value,
      (error: unknown) => (): Answer => {
        throw error;
      },
    );
    this.#answers = this.#answers.then(() => this.#travel());
    await this.#answers;
    return this.#down || lost ? this.#unanswered() : answer();
  }

  #unanswered(): Promise<never> {
    return Promise.reject(registryError('OUTCOME_UNKNOWN', 'the answer was lost'));
  }

  async #travel(): Promise<void> {
    const { clock, random, delayMs, gate } = this.#link;
    // Most take no time at all, so that a slow one is overtaken by what others do meanwhile.
    if (delayMs > 0 && random.int(3) === 0) await clock.sleep(1 + random.int(delayMs));
    await gate.pass();
  }
}
