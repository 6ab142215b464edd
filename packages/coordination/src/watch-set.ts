import type { MemberContext } from './member-context.ts';

/** Watches a changing set of paths and says only that one of them should be looked at again. */
export class WatchSet {
  readonly #context: MemberContext;
  readonly #onChange: () => void;
  readonly #watches = new Map<string, AbortController>();
  #closed = false;

  constructor(context: MemberContext, onChange: () => void) {
    this.#context = context;
    this.#onChange = onChange;
  }

  /** From now on these and no others. A path that is new is reported once at once. */
  keep(paths: Iterable<string>): void {
    if (this.#closed) return;
    const kept = new Set(paths);
    for (const [path, watch] of this.#watches) {
      if (kept.has(path)) continue;
      watch.abort();
      this.#watches.delete(path);
    }
    for (const path of kept) if (!this.#watches.has(path)) this.#watch(path);
  }

  close(): void {
    this.keep([]);
    this.#closed = true;
  }

  #watch(path: string): void {
    const watch = new AbortController();
    this.#watches.set(path, watch);
    this.#context.run(async () => {
      for await (const _ of this.#context.registry.watch(path, watch.signal)) this.#onChange();
    });
  }
}
