import { assignmentNode, type OffsetNode, offsetNode } from '../../group-nodes.ts';
import { paths } from '../../paths.ts';
import { decodeChange } from '../../registry-change.ts';
import { nameOf, parentOf } from '../../registry-path.ts';
import type { RegistryJournal } from '../../registry-store.ts';
import type { Edit } from '../../registry-tree.ts';

/** What a tool writes as, that seeks. */
export const toolName = 'a tool';

/**
 * Sees every change of the registry in its order, and holds those of one group against protocols §A. It knows the truth
 * and not what members believe; its first violation is kept.
 */
export class GroupChecker implements RegistryJournal {
  readonly #group: string;
  readonly #members = new Set<string>();
  readonly #nodes = new Map<string, OffsetNode>();
  /** The end of what was processed, by partition: no commit may be above. */
  readonly #processed = new Map<string, number>();
  /** The greatest offset that each claim wrote. */
  readonly #written = new Map<string, number>();
  readonly history: string[] = [];
  #generation = 0;
  violation: string | undefined;
  /** Whether owners that are there may be robbed: when they take longer to release than they may (rule 10). */
  takeOverAllowed = false;

  constructor(group: string) {
    this.#group = group;
  }

  append(change: Uint8Array): Promise<void> {
    for (const edit of decodeChange(change)) this.#apply(edit);
    return Promise.resolve();
  }

  violated(rule: string): void {
    this.violation ??= readable(rule);
  }

  note(event: string): void {
    this.history.push(readable(event));
  }

  get liveMembers(): ReadonlySet<string> {
    return this.#members;
  }

  node(key: string): OffsetNode | undefined {
    return this.#nodes.get(key);
  }

  /** A member processed the record at `offset`. */
  processed(key: string, offset: number): void {
    this.#processed.set(key, Math.max(this.#processed.get(key) ?? 0, offset + 1));
  }

  /** A member was told that its commit is there. */
  wasToldCommitted(key: string, memberId: string, claim: number, offset: number): void {
    // Commits merge, so what was written may be a later offset.
    if ((this.#written.get(`${key} ${memberId} ${claim}`) ?? -1) >= offset) return;
    this.violated(`rule 12: ${memberId} was told that ${offset} of ${key} is committed, and it never was`);
  }

  #apply(edit: Edit): void {
    if (edit.kind === 'clear') return;
    const name = nameOf(edit.path);
    const parent = parentOf(edit.path);
    if (parent === paths.members(this.#group)) {
      if (edit.kind === 'put') this.#members.add(name);
      else this.#members.delete(name);
      this.note(`${edit.kind === 'put' ? 'member' : 'gone'} ${name}`);
    } else if (edit.kind === 'put' && parent === paths.offsets(this.#group)) {
      this.#offsetWritten(name, offsetNode.decode(edit.data, edit.path));
    } else if (edit.kind === 'put' && edit.path === paths.assignment(this.#group)) {
      const { generation, by, members } = assignmentNode.decode(edit.data, edit.path);
      this.note(`generation ${generation} by ${by}: ${JSON.stringify(members)}`);
      if (generation !== this.#generation + 1) {
        this.violated(`rule 5: generation ${generation} after ${this.#generation}`);
      }
      this.#generation = generation;
    }
  }

  #offsetWritten(key: string, node: OffsetNode): void {
    const before = this.#nodes.get(key);
    this.#nodes.set(key, node);
    const { owner = 'none', claim, offset, writer } = node;
    // Mere commits would hide the rest.
    if (claim !== before?.claim || owner !== before.owner) {
      this.note(`${key}: ${owner}, claim ${claim}, offset ${offset}, by ${writer}`);
    }
    if (node.writer === toolName) {
      this.#processed.set(key, Math.max(this.#processed.get(key) ?? 0, node.offset ?? 0));
      return;
    }
    const isClaim = node.claim !== (before?.claim ?? 0);
    if (isClaim) this.#claimed(key, node, before);
    else if (before?.owner !== node.writer || before.claim !== node.claim) {
      this.violated(`rule 12: ${node.writer} wrote ${key}, which it does not own`);
    }
    if (!this.#members.has(node.writer))
      this.violated(`rule 14: ${node.writer} wrote ${key} after its session`);
    if ((node.offset ?? 0) < (before?.offset ?? 0)) this.violated(`the offset of ${key} went back`);
    if ((node.offset ?? 0) > (this.#processed.get(key) ?? 0)) {
      this.violated(`${key} is committed beyond what was processed`);
    }
    this.#written.set(`${key} ${node.writer} ${node.claim}`, node.offset ?? -1);
  }

  #claimed(key: string, node: OffsetNode, before: OffsetNode | undefined): void {
    if (node.claim !== (before?.claim ?? 0) + 1)
      this.violated(`rule 8: claim ${node.claim} of ${key} skips some`);
    if (node.generation < (before?.generation ?? 0))
      this.violated(`rule 8: ${key} claimed for an old generation`);
    if (node.offset !== before?.offset) this.violated(`rule 11: a claim changed the offset of ${key}`);
    const robbed = before?.owner;
    if (robbed === undefined || robbed === node.owner || this.takeOverAllowed) return;
    if (this.#members.has(robbed)) this.violated(`rule 9: ${node.owner} robbed ${robbed} of ${key}`);
  }
}

/** Of ids the first eight digits are enough for people. */
function readable(event: string): string {
  return event.replace(/-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, '');
}
