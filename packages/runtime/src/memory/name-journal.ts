import type { Random } from '../random.ts';
import { MemoryFile } from './memory-file.ts';

/** Names in a directory: as programs see them, and as a power cut would leave them. */
export class MemoryDirectory {
  readonly entries = new Map<string, MemoryNode>();
  readonly durable = new Map<string, MemoryNode>();
}

export type MemoryNode = MemoryFile | MemoryDirectory;

interface NameChange {
  readonly directory: MemoryDirectory;
  readonly name: string;
  readonly before: MemoryNode | undefined;
  readonly after: MemoryNode | undefined;
}

/** What happens whole or not at all: one change, or the two of a rename. */
type Transaction = readonly NameChange[];

/** Beyond these, changes are written without being asked: a broker that never flushes names must not pay with its memory. */
const maxPending = 10_000;
const maxHeldBytes = 64 * 1024 * 1024;

/**
 * Changes of names that no `syncDirectory` has made durable yet. Before that the disk may hold any of them, in any
 * order, except that changes of the same name stay in theirs and a rename is never halved.
 */
export class NameJournal {
  #pending: Transaction[] = [];
  /** Of files that are kept only because a power cut could bring them back. */
  #heldBytes = 0;

  /** Changes names for programs; durable later. */
  change(...changes: NameChange[]): void {
    for (const { directory, name, after } of changes) {
      if (after === undefined) directory.entries.delete(name);
      else directory.entries.set(name, after);
    }
    this.#pending.push(changes);
    this.#heldBytes += heldBytes(changes);
    if (this.#pending.length > maxPending || this.#heldBytes > maxHeldBytes) this.#commit(() => true);
  }

  /** Makes durable what happened in this directory, and what that builds on. */
  sync(directory: MemoryDirectory): void {
    const needed = new NameSet();
    const committed = new Set<Transaction>();
    for (const transaction of this.#pending.toReversed()) {
      if (!transaction.some((change) => change.directory === directory || needed.has(change))) continue;
      for (const change of transaction) needed.add(change);
      committed.add(transaction);
    }
    this.#commit((transaction) => committed.has(transaction));
  }

  /** The tree a power cut leaves below `root`, all of it durable. */
  crash(root: MemoryDirectory, random: Random): MemoryDirectory {
    const lost = new NameSet();
    const kept: Transaction[] = [];
    const temper = random.int(4);
    for (const transaction of this.#pending) {
      const isLost = temper === 0 || (temper > 1 && random.int(2) === 0);
      if (!isLost && !transaction.some((change) => lost.has(change))) kept.push(transaction);
      else for (const change of transaction) lost.add(change);
    }
    return copyAfterCrash(root, kept.flat(), random, new Map());
  }

  #commit(isDue: (transaction: Transaction) => boolean): void {
    const remaining: Transaction[] = [];
    for (const transaction of this.#pending) {
      if (isDue(transaction)) commit(transaction);
      else remaining.push(transaction);
    }
    this.#pending = remaining;
    this.#heldBytes = remaining.reduce((sum, transaction) => sum + heldBytes(transaction), 0);
  }
}

function heldBytes(transaction: Transaction): number {
  let sum = 0;
  for (const { before } of transaction) {
    const stays = transaction.some((change) => change.after === before);
    if (before instanceof MemoryFile && !stays) sum += before.size;
  }
  return sum;
}

/** Names of directories, as pairs. */
class NameSet {
  readonly #names = new Map<MemoryDirectory, Set<string>>();

  add({ directory, name }: NameChange): void {
    const names = this.#names.get(directory);
    if (names === undefined) this.#names.set(directory, new Set([name]));
    else names.add(name);
  }

  has({ directory, name }: NameChange): boolean {
    return this.#names.get(directory)?.has(name) === true;
  }
}

function commit(transaction: Transaction): void {
  for (const { directory, name, after } of transaction) {
    if (after === undefined) directory.durable.delete(name);
    else directory.durable.set(name, after);
  }
}

function copyAfterCrash(
  directory: MemoryDirectory,
  kept: readonly NameChange[],
  random: Random,
  copies: Map<MemoryNode, MemoryNode>,
): MemoryDirectory {
  const copy = new MemoryDirectory();
  copies.set(directory, copy);
  const names = new Map(directory.durable);
  for (const change of kept) {
    if (change.directory !== directory) continue;
    if (change.after === undefined) names.delete(change.name);
    else names.set(change.name, change.after);
  }
  for (const [name, node] of names) {
    const known = copies.get(node);
    const found =
      known ??
      (node instanceof MemoryDirectory ? copyAfterCrash(node, kept, random, copies) : node.crash(random));
    copies.set(node, found);
    copy.entries.set(name, found);
    copy.durable.set(name, found);
  }
  return copy;
}
