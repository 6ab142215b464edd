import type { RegistryJournal } from '@millrace/coordination';
import type { Log } from '@millrace/log';
import type { World } from '@millrace/runtime';

interface Pending {
  readonly change: Uint8Array;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** How long a full disk is left alone before the next attempt. */
const retryMs = 500;

/**
 * The registry's journal in our own log. What arrives while a flush runs is one batch and shares the next. When the disk
 * is full nothing of a batch is left in the log, so it waits and is tried again, with all behind it: a full disk stops
 * changes, and does not end the registry.
 */
export class LogJournal implements RegistryJournal {
  readonly #log: Log;
  readonly #world: World;
  #pending: Pending[] = [];
  #writing = false;
  readonly #patience = new AbortController();

  constructor(log: Log, world: World) {
    this.#log = log;
    this.#world = world;
  }

  append(change: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#pending.push({ change, resolve, reject });
      if (!this.#writing) void this.#write();
    });
  }

  /** From now on a full disk is a failure: who stops a broker does not wait for room. */
  stopWaiting(): void {
    this.#patience.abort();
  }

  /** Never rejects: each change has somebody who hears of it. */
  async #write(): Promise<void> {
    this.#writing = true;
    while (this.#pending.length > 0) {
      const batch = this.#pending.splice(0);
      try {
        await this.#untilThereIsRoom(batch);
        await this.#log.flush();
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.#writing = false;
  }

  async #untilThereIsRoom(batch: readonly Pending[]): Promise<void> {
    const records = batch.map(({ change }) => ({ value: change }));
    for (let attempts = 1; ; attempts += 1) {
      try {
        await this.#log.append(records);
        return;
      } catch (error) {
        if (!isPassing(error) || this.#patience.signal.aborted) throw error;
        if (attempts === 1)
          this.#world.logger.warn({ err: error }, 'the disk is full: changes of the registry wait for room');
        await this.#pause();
      }
    }
  }

  /** Does not hold the process. */
  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const { signal } = this.#patience;
      const done = (): void => {
        timer.cancel();
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = this.#world.clock.after(retryMs, done);
      signal.addEventListener('abort', done);
    });
  }
}

function isPassing(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'retriable' in error && error.retriable === true;
}
