import { nameOf, parentOf, rootPath } from './registry-path.ts';

export interface TreeNode {
  readonly data: Uint8Array;
  readonly version: number;
  readonly created: number;
  /** The session whose end removes the node; undefined: persistent. */
  readonly session: number | undefined;
}

/**
 * One step of a change. Edits state what is there afterwards, not what to add, so applying a run of them a second time
 * over its own outcome ends in the same tree: a snapshot may overlap the changes that follow it.
 */
export type Edit =
  | ({ readonly kind: 'put'; readonly path: string } & TreeNode)
  | { readonly kind: 'remove'; readonly path: string }
  /** Empties the tree: the head of a snapshot. `created` and `session` are the counters it was taken at. */
  | { readonly kind: 'clear'; readonly created: number; readonly session: number };

/** The nodes, and nothing about who may change them or when it shows. */
export class RegistryTree {
  readonly #nodes = new Map<string, TreeNode>();
  readonly #children = new Map<string, Set<string>>();
  readonly #ephemerals = new Map<number, Set<string>>();
  #created = 0;
  #session = 0;

  /** The greatest `created` ever given; never goes back, also when its node is gone. */
  get created(): number {
    return this.#created;
  }

  /** The greatest session that ever made an ephemeral node. */
  get session(): number {
    return this.#session;
  }

  get(path: string): TreeNode | undefined {
    return this.#nodes.get(path);
  }

  has(path: string): boolean {
    return path === rootPath || this.#nodes.has(path);
  }

  /** Names, in no order. */
  children(path: string): Iterable<string> {
    return this.#children.get(path) ?? [];
  }

  /** Paths of the ephemeral nodes of one session, or of all. */
  ephemerals(session?: number): string[] {
    if (session !== undefined) return [...(this.#ephemerals.get(session) ?? [])];
    return [...this.#ephemerals.values()].flatMap((paths) => [...paths]);
  }

  /** Returns the paths whose node, or whose list of children, is another than before. */
  apply(edits: readonly Edit[]): Set<string> {
    const touched = new Set<string>();
    for (const edit of edits) {
      switch (edit.kind) {
        case 'put':
          this.#put(edit, touched);
          break;
        case 'remove':
          this.#remove(edit.path, touched);
          break;
        case 'clear':
          this.#clear(edit, touched);
          break;
      }
    }
    return touched;
  }

  /** Edits that make this very tree out of any other. */
  snapshot(): Edit[] {
    const edits: Edit[] = [{ kind: 'clear', created: this.#created, session: this.#session }];
    for (const [path, node] of this.#nodes) edits.push({ kind: 'put', path, ...node });
    return edits;
  }

  #put(edit: Extract<Edit, { kind: 'put' }>, touched: Set<string>): void {
    const { path, data, version, created, session } = edit;
    if (this.#nodes.has(path)) this.#forgetOwner(path);
    else {
      setOf(this.#children, parentOf(path)).add(nameOf(path));
      touched.add(parentOf(path));
    }
    this.#nodes.set(path, { data, version, created, session });
    if (session !== undefined) setOf(this.#ephemerals, session).add(path);
    this.#created = Math.max(this.#created, created);
    this.#session = Math.max(this.#session, session ?? 0);
    touched.add(path);
  }

  #remove(path: string, touched: Set<string>): void {
    if (!this.#nodes.has(path)) return;
    this.#forgetOwner(path);
    this.#nodes.delete(path);
    dropFrom(this.#children, parentOf(path), nameOf(path));
    touched.add(path).add(parentOf(path));
  }

  #clear(edit: Extract<Edit, { kind: 'clear' }>, touched: Set<string>): void {
    for (const path of this.#nodes.keys()) touched.add(path).add(parentOf(path));
    this.#nodes.clear();
    this.#children.clear();
    this.#ephemerals.clear();
    this.#created = Math.max(this.#created, edit.created);
    this.#session = Math.max(this.#session, edit.session);
  }

  #forgetOwner(path: string): void {
    const session = this.#nodes.get(path)?.session;
    if (session !== undefined) dropFrom(this.#ephemerals, session, path);
  }
}

function setOf<Key, Item>(sets: Map<Key, Set<Item>>, key: Key): Set<Item> {
  let set = sets.get(key);
  if (set === undefined) {
    set = new Set();
    sets.set(key, set);
  }
  return set;
}

function dropFrom<Key, Item>(sets: Map<Key, Set<Item>>, key: Key, item: Item): void {
  const set = sets.get(key);
  set?.delete(item);
  if (set?.size === 0) sets.delete(key);
}
