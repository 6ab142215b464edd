import { registryError } from './errors.ts';
import { Pulse } from './pulse.ts';
import type { Registry, RegistryNode, SessionState } from './registry.ts';
import { checkNodePath, checkPath, parentOf, rootPath } from './registry-path.ts';
import type { Decision, RegistryStore } from './registry-store.ts';
import type { Edit, RegistryTree, TreeNode } from './registry-tree.ts';
import { checkValue } from './registry-value.ts';

/** One session on a tree in this process. */
export class MemorySession implements Registry {
  readonly #store: RegistryStore;
  readonly #session: number;
  #ended = false;
  readonly #stateWatchers = new Set<Pulse<SessionState>>();
  readonly #nodeWatchers = new Set<Pulse>();
  /** Settles with this session's last change, so that its reads see its own writes. */
  #lastChange: Promise<unknown> = Promise.resolve();
  #nodesGone: Promise<void> = Promise.resolve();
  readonly #endNow = (): void => this.expire();

  constructor(store: RegistryStore) {
    this.#store = store;
    this.#session = store.newSession(this.#endNow);
    if (store.failure !== undefined) this.expire();
  }

  get state(): SessionState {
    return this.#ended ? 'expired' : 'connected';
  }

  async create(path: string, data: Uint8Array, options: { ephemeral?: boolean } = {}): Promise<RegistryNode> {
    checkNodePath(path);
    checkValue(path, data);
    const session = options.ephemeral === true ? this.#session : undefined;
    const node = await this.#change((tree) => decideCreate(tree, path, Uint8Array.from(data), session));
    return this.#shown(node);
  }

  async get(path: string): Promise<RegistryNode | undefined> {
    checkNodePath(path);
    await this.#beforeRead();
    const node = this.#store.tree.get(path);
    return node && this.#shown(node);
  }

  async set(path: string, data: Uint8Array, expected: { version: number }): Promise<number> {
    checkNodePath(path);
    checkValue(path, data);
    return this.#change((tree) => {
      const node = expectNode(tree, path, expected);
      const version = node.version + 1;
      return {
        edits: [{ kind: 'put', path, ...node, data: Uint8Array.from(data), version }],
        result: version,
      };
    });
  }

  async delete(path: string, expected?: { version: number }): Promise<void> {
    checkNodePath(path);
    return this.#change((tree) => {
      expectNode(tree, path, expected);
      const [child] = tree.children(path);
      if (child !== undefined) throw registryError('NOT_EMPTY', `${path} has children, ${child} among them`);
      return { edits: [{ kind: 'remove', path }], result: undefined };
    });
  }

  async children(path: string): Promise<string[]> {
    checkPath(path);
    await this.#beforeRead();
    return [...this.#store.tree.children(path)].sort();
  }

  watch(path: string, signal: AbortSignal): AsyncIterable<void> {
    checkPath(path);
    return {
      [Symbol.asyncIterator]: () => {
        const watcher = this.#store.watch(path, signal, () => this.#nodeWatchers.delete(watcher));
        if (this.#ended) watcher.end();
        if (!watcher.ended) this.#nodeWatchers.add(watcher);
        return watcher;
      },
    };
  }

  states(signal: AbortSignal): AsyncIterable<SessionState> {
    return {
      [Symbol.asyncIterator]: () => {
        const watcher: Pulse<SessionState> = new Pulse(() => this.state, {
          pending: true,
          signal,
          onEnd: () => this.#stateWatchers.delete(watcher),
        });
        if (this.#ended) watcher.finish();
        if (!watcher.ended) this.#stateWatchers.add(watcher);
        return watcher;
      },
    };
  }

  /** Ends the session as its registry would: how a test kills a broker or a member. Idempotent. */
  expire(): void {
    if (this.#ended) return;
    this.#ended = true;
    // A failing journal is the store's to report, and the nodes then go with the next replay: the session is over anyhow.
    this.#nodesGone = this.#store.endSession(this.#session, this.#endNow).catch(() => {});
    for (const watcher of [...this.#nodeWatchers]) watcher.end();
    for (const watcher of [...this.#stateWatchers]) {
      watcher.notify();
      watcher.finish();
    }
  }

  async close(): Promise<void> {
    this.expire();
    await this.#nodesGone;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #change<Result>(decide: (tree: RegistryTree) => Decision<Result>): Promise<Result> {
    if (this.#ended) return Promise.reject(this.#expired());
    const change = this.#store.change(decide);
    this.#lastChange = change.catch(() => {});
    return change;
  }

  async #beforeRead(): Promise<void> {
    await this.#lastChange;
    if (this.#ended) throw this.#expired();
  }

  #shown(node: TreeNode): RegistryNode {
    const { data, version, created, session } = node;
    return { data: Uint8Array.from(data), version, created, owned: session === this.#session };
  }

  #expired(): Error {
    return registryError('SESSION_EXPIRED', `session ${this.#session} of the registry is over`);
  }
}

function decideCreate(
  tree: RegistryTree,
  path: string,
  data: Uint8Array,
  session: number | undefined,
): Decision<TreeNode> {
  if (tree.has(path)) throw registryError('NODE_EXISTS', `${path} is there already`);
  const missing: string[] = [];
  let parent = parentOf(path);
  for (; !tree.has(parent); parent = parentOf(parent)) missing.unshift(parent);
  if (parent !== rootPath && tree.get(parent)?.session !== undefined) {
    throw registryError('INVALID_PATH', `${parent} is ephemeral: nothing can be created below it`);
  }

  let created = tree.created;
  const edits: Edit[] = [];
  const put = (at: string, value: Uint8Array, owner: number | undefined): TreeNode => {
    created += 1;
    const node = { data: value, version: 0, created, session: owner };
    edits.push({ kind: 'put', path: at, ...node });
    return node;
  };
  for (const at of missing) put(at, new Uint8Array(0), undefined);
  const result = put(path, data, session);
  return { edits, result };
}

function expectNode(tree: RegistryTree, path: string, expected: { version: number } | undefined): TreeNode {
  const node = tree.get(path);
  if (node === undefined) throw registryError('NODE_MISSING', `there is no ${path}`);
  if (expected !== undefined && node.version !== expected.version) {
    throw registryError(
      'VERSION_MISMATCH',
      `${path} is at version ${node.version}, not at ${expected.version}`,
    );
  }
  return node;
}
