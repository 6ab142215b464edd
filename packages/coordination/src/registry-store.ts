import { codeOf, type Logger } from '@millrace/runtime';
import { registryError } from './errors.ts';
import { Pulse } from './pulse.ts';
import { decodeChange, encodeChange } from './registry-change.ts';
import { type Edit, RegistryTree } from './registry-tree.ts';

/** Where the changes of a registry go to survive: the broker's own log. */
export interface RegistryJournal {
  /**
   * Called in the order of the changes, also before the last one resolved. Resolves once the change survives a power
   * cut; until then no one sees it.
   */
  append(change: Uint8Array): Promise<void>;
}

/** What a call wants to happen, decided against the tree as it will be after all calls before it. */
export interface Decision<Result> {
  readonly edits: readonly Edit[];
  readonly result: Result;
}

/**
 * The tree that all sessions share. With a journal there are two: calls are decided, in order, on the tree that is
 * ahead, and everybody reads the one that holds what is durable. So changes are pipelined, and nothing shows that a
 * power cut could undo, refusals included: a call that fails because of a change under way is told so only after it.
 */
export class RegistryStore {
  readonly #visible = new RegistryTree();
  readonly #ahead: RegistryTree;
  readonly #journal: RegistryJournal | undefined;
  readonly #logger: Logger;
  readonly #watchers = new Map<string, Set<Pulse>>();
  readonly #onFailure = new Set<() => void>();
  /** Resolves when every change so far is visible. */
  #settled: Promise<void> = Promise.resolve();
  #failure: Error | undefined;
  #lastSession: number;
  /** Ephemeral nodes of the history's sessions: gone here, not yet gone in the journal. */
  #inherited: readonly Edit[];

  constructor(logger: Logger, journal: RegistryJournal | undefined, history: Iterable<Uint8Array>) {
    this.#logger = logger;
    this.#journal = journal;
    this.#ahead = journal === undefined ? this.#visible : new RegistryTree();
    for (const change of history) this.#replay(decodeChange(change));
    this.#inherited = this.#visible.ephemerals().map((path) => ({ kind: 'remove', path }));
    this.#replay(this.#inherited);
    this.#lastSession = this.#visible.session;
  }

  get failure(): Error | undefined {
    return this.#failure;
  }

  /** What is durable. */
  get tree(): RegistryTree {
    return this.#visible;
  }

  snapshot(): Uint8Array {
    return encodeChange(this.#ahead.snapshot());
  }

  newSession(onFailure: () => void): number {
    this.#onFailure.add(onFailure);
    this.#lastSession += 1;
    return this.#lastSession;
  }

  /** Removes the ephemeral nodes of a session. */
  endSession(session: number, onFailure: () => void): Promise<void> {
    this.#onFailure.delete(onFailure);
    return this.change((tree) => ({
      edits: tree.ephemerals(session).map((path) => ({ kind: 'remove', path })),
      result: undefined,
    }));
  }

  /** Resolves once the change is visible to all; rejects with what `decide` throws, or with OUTCOME_UNKNOWN. */
  change<Result>(decide: (tree: RegistryTree) => Decision<Result>): Promise<Result> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    let decision: Decision<Result>;
    try {
      decision = decide(this.#ahead);
    } catch (refusal) {
      return this.#settled.then(() => {
        throw refusal;
      });
    }
    const { edits, result } = decision;
    if (edits.length > 0) this.#make(edits);
    return this.#settled.then(() => result);
  }

  /** Notified when the node at `path`, or its list of children, changes. The first look is due at once. */
  watch(path: string, signal: AbortSignal, onEnd: () => void): Pulse {
    const watchers = this.#watchers.get(path) ?? new Set();
    const pulse: Pulse = new Pulse<void>(() => {}, {
      pending: true,
      signal,
      onEnd: () => {
        onEnd();
        watchers.delete(pulse);
        if (watchers.size === 0 && this.#watchers.get(path) === watchers) this.#watchers.delete(path);
      },
    });
    if (!pulse.ended) this.#watchers.set(path, watchers.add(pulse));
    return pulse;
  }

  #make(edits: readonly Edit[]): void {
    if (this.#journal === undefined) {
      this.#show(this.#visible.apply(edits));
      return;
    }
    this.#ahead.apply(edits);
    const change = encodeChange([...this.#inherited, ...edits]);
    this.#inherited = [];
    const before = this.#settled;
    const durable = this.#append(this.#journal, change);
    // Both are awaited together, so that neither rejection is left unheard while the other is pending.
    this.#settled = Promise.all([before, durable]).then(
      () => this.#show(this.#visible.apply(edits)),
      (cause: unknown) => {
        throw this.#fail(cause);
      },
    );
    // Whoever asked for the change hears of it through `change`; the end of a session may have nobody asking.
    this.#settled.catch(() => {});
  }

  async #append(journal: RegistryJournal, change: Uint8Array): Promise<void> {
    await journal.append(change);
  }

  #show(touched: ReadonlySet<string>): void {
    for (const path of touched) for (const pulse of this.#watchers.get(path) ?? []) pulse.notify();
  }

  #replay(edits: readonly Edit[]): void {
    this.#visible.apply(edits);
    if (this.#ahead !== this.#visible) this.#ahead.apply(edits);
  }

  /** What the journal holds is not known any more, so nobody may go on believing anything: every session expires. */
  #fail(cause: unknown): Error {
    if (this.#failure !== undefined) return this.#failure;
    this.#failure = registryError('OUTCOME_UNKNOWN', 'the registry stopped: its journal failed', {
      cause,
      hint: 'restart the broker that keeps the registry',
    });
    this.#logger.error({ err: cause, code: codeOf(cause) }, 'the registry stopped: its journal failed');
    for (const expire of [...this.#onFailure]) expire();
    return this.#failure;
  }
}
