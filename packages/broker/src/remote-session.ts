import type { Registry } from '@millrace/coordination';
import { apiError, type ResponseOf } from '@millrace/protocol';
import type { Timer, World } from '@millrace/runtime';

type PollAnswer = ResponseOf<'registryPoll'>;

const maxWatches = 10_000;

/** A client's session in the registry, as its broker keeps it: alive while something is heard, watches and all. */
export class RemoteSession {
  readonly registry: Registry;
  readonly #timeoutMs: number;
  readonly #world: World;
  readonly #onEnd: () => void;
  readonly #watches = new Map<string, AbortController>();
  readonly #over = new AbortController();
  /** Path → when it last changed, in the order of changes. */
  readonly #changed = new Map<string, number>();
  #sequence = 0;
  #attachment = 0;
  #answerPoll: (() => void) | undefined;
  #expiry: Timer;
  #ended: Promise<void> | undefined;

  /** `onEnd` is called when it is over, by whose word ever. */
  constructor(registry: Registry, timeoutMs: number, world: World, onEnd: () => void) {
    this.registry = registry;
    this.#timeoutMs = timeoutMs;
    this.#world = world;
    this.#onEnd = onEnd;
    this.#expiry = this.#nextExpiry();
    void this.#followState();
  }

  /** Whether a call over this connection counts: not after one over a later connection. Something was heard, in any case. */
  attach(attachment: number): boolean {
    this.#expiry.cancel();
    if (this.#ended === undefined) this.#expiry = this.#nextExpiry();
    if (attachment < this.#attachment) return false;
    this.#attachment = attachment;
    return true;
  }

  /** Tells the path in the next poll, as a first look, and then whenever it changes. Idempotent. */
  watch(path: string): void {
    if (this.#watches.has(path)) {
      this.#note(path);
      return;
    }
    if (this.#watches.size >= maxWatches)
      throw apiError('INVALID_REQUEST', `a session watches ${maxWatches} paths at most`);
    const watching = new AbortController();
    const looks = this.registry.watch(path, watching.signal);
    this.#watches.set(path, watching);
    void this.#follow(path, looks);
  }

  unwatch(path: string): void {
    this.#watches.get(path)?.abort();
    this.#watches.delete(path);
    this.#changed.delete(path);
  }

  /** Resolves at once when paths have changed since `seen`, else with the first change, in time or when the signal aborts. */
  async poll(seen: number, maxWaitMs: number, signal: AbortSignal): Promise<PollAnswer> {
    for (const [path, at] of this.#changed) if (at <= seen) this.#changed.delete(path);
    // A session has one poll under way; an older one has lost its connection.
    this.#answerPoll?.();
    if (this.#changed.size === 0 && this.#ended === undefined) await this.#change(maxWaitMs, signal);
    if (this.#ended !== undefined)
      return { outcome: 'SESSION_EXPIRED', sequence: this.#sequence, changed: [] };
    return { outcome: 'DONE', sequence: this.#sequence, changed: [...this.#changed.keys()] };
  }

  /** Its ephemeral nodes go. Idempotent. */
  end(): Promise<void> {
    this.#ended ??= this.#end();
    return this.#ended;
  }

  async #end(): Promise<void> {
    this.#expiry.cancel();
    this.#over.abort();
    for (const watching of this.#watches.values()) watching.abort();
    this.#onEnd();
    // Polls read what follows `#ended`, which is set once this returns its promise.
    void Promise.resolve().then(() => this.#answerPoll?.());
    await this.registry.close();
  }

  #nextExpiry(): Timer {
    return this.#world.clock.after(this.#timeoutMs, () => {
      this.#world.logger.info(
        { timeoutMs: this.#timeoutMs },
        'a client of the registry was not heard of any more',
      );
      this.#endOrWarn();
    });
  }

  #endOrWarn(): void {
    this.end().catch((error: unknown) =>
      this.#world.logger.warn({ err: error }, 'the session of a client did not close cleanly'),
    );
  }

  /** A registry may end the session by itself, e.g. when its journal fails. */
  async #followState(): Promise<void> {
    for await (const state of this.registry.states(this.#over.signal)) if (state === 'expired') break;
    if (!this.#over.signal.aborted) this.#endOrWarn();
  }

  async #follow(path: string, looks: AsyncIterable<void>): Promise<void> {
    for await (const _ of looks) this.#note(path);
  }

  #note(path: string): void {
    this.#sequence += 1;
    this.#changed.set(path, this.#sequence);
    this.#answerPoll?.();
  }

  #change(maxWaitMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        timer.cancel();
        signal.removeEventListener('abort', done);
        if (this.#answerPoll === done) this.#answerPoll = undefined;
        resolve();
      };
      const timer = this.#world.clock.after(Math.min(maxWaitMs, this.#timeoutMs), done);
      signal.addEventListener('abort', done);
      this.#answerPoll = done;
      if (signal.aborted) done();
    });
  }
}
