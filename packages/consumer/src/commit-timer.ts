import type { Timer, World } from '@millrace/runtime';

/** Commits every so often, one commit at a time. A commit that fails is logged: the next one covers it. */
export class CommitTimer {
  readonly #everyMs: number;
  readonly #commit: () => Promise<void>;
  readonly #world: World;
  #timer: Timer | undefined;
  #stopped = false;

  constructor(everyMs: number, commit: () => Promise<void>, world: World) {
    this.#everyMs = everyMs;
    this.#commit = commit;
    this.#world = world;
    this.#schedule();
  }

  /** A commit that is under way is not waited for. */
  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  #schedule(): void {
    if (this.#stopped) return;
    this.#timer = this.#world.clock.after(this.#everyMs, () => {
      this.#commit().then(
        () => this.#schedule(),
        (error: unknown) => {
          this.#world.logger.warn({ error: String(error) }, 'a commit failed; the next one covers it');
          this.#schedule();
        },
      );
    });
  }
}
