import { hasCode, type World } from '@millrace/runtime';
import { asError, registryError } from './errors.ts';
import type { Registry, RegistryNode } from './registry.ts';

/** The first and the greatest pause before a read that was not answered is tried again. */
const firstRetryMs = 100;
const greatestRetryMs = 1000;

/**
 * What all parts of one membership in one session share: the session, who I am, and when it is over. Everything that
 * waits gives up with SESSION_EXPIRED when it is.
 */
export class MemberContext {
  readonly registry: Registry;
  readonly group: string;
  readonly memberId: string;
  readonly world: World;
  readonly #over = new AbortController();
  readonly #tasks = new Set<Promise<void>>();
  #failure: Error | undefined;

  constructor(registry: Registry, group: string, memberId: string, world: World) {
    this.registry = registry;
    this.group = group;
    this.memberId = memberId;
    this.world = world;
  }

  /** Aborts with SESSION_EXPIRED. */
  get over(): AbortSignal {
    return this.#over.signal;
  }

  /** Idempotent. */
  end(): void {
    if (this.over.aborted) return;
    this.#over.abort(registryError('SESSION_EXPIRED', `member ${this.memberId} of ${this.group} is gone`));
  }

  /** Ends the membership with an error that `finished` rejects with: something is broken, not merely over. */
  fail(error: unknown): void {
    this.#failure ??= asError(error);
    this.end();
  }

  /** Goes on in the background. It ends when it wants to, or by SESSION_EXPIRED; any other error is `fail`. */
  run(task: () => Promise<void>): void {
    const running = this.#guard(task).finally(() => this.#tasks.delete(running));
    this.#tasks.add(running);
  }

  /** Resolves when the session is over. */
  async whenOver(): Promise<void> {
    if (this.over.aborted) return;
    await new Promise<void>((resolve) => {
      this.over.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  /** Resolves when the session is over and everything in the background has ended; rejects after `fail`. */
  async finished(): Promise<void> {
    await this.whenOver();
    while (this.#tasks.size > 0) await Promise.all(this.#tasks);
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** As the registry's `get`, but asks again when the answer was lost. */
  get(path: string): Promise<RegistryNode | undefined> {
    return this.#steadily(() => this.registry.get(path));
  }

  /** As the registry's `children`, but asks again when the answer was lost. */
  children(path: string): Promise<string[]> {
    return this.#steadily(() => this.registry.children(path));
  }

  /** Resolves after `ms`; rejects when the session is over, or with the signal's reason. */
  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    const { clock } = this.world;
    if (signal === undefined) return clock.sleep(ms, this.over);
    return clock.sleep(ms, AbortSignal.any([signal, this.over]));
  }

  async #guard(task: () => Promise<void>): Promise<void> {
    try {
      await task();
    } catch (error) {
      if (hasCode(error, 'SESSION_EXPIRED')) this.end();
      else this.fail(error);
    }
  }

  async #steadily<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
    for (let pauseMs = firstRetryMs; ; pauseMs = Math.min(pauseMs * 2, greatestRetryMs)) {
      this.over.throwIfAborted();
      try {
        return await ask();
      } catch (error) {
        if (!hasCode(error, 'OUTCOME_UNKNOWN')) throw error;
      }
      await this.sleep(pauseMs);
    }
  }
}
