import type { OffsetNode } from './group-nodes.ts';

/**
 * The rules of protocols §A that only compute: what a member does about one partition, given what it has just read.
 * The code that reads, waits and writes, and the model that checks the rules, both decide by these.
 */

/** Time without a change after which a new assignment is computed, and the most to wait for it (rule 5). */
const quietMs = 100;
const quietAtMostMs = 1000;
/** How much longer each rank waits before it does the leader's work (rule 5). */
export const standInMs = 2000;
/** What is added to an owner's revoke timeout before its partition is taken from it (rule 10). */
const takeOverMarginMs = 1000;

/** How much longer to wait for quiet, after a first change `sinceFirstMs` ago. */
export function quietLeftMs(sinceFirstMs: number): number {
  return Math.max(0, Math.min(quietMs, quietAtMostMs - sinceFirstMs));
}

/**
 * Rule 8: what to do with the node of a partition that is to be mine under `generation`. `take`: write my claim at the
 * version read. `ask-owner`: see whether the owner is there, by a read after this one (rule 9).
 */
export type ClaimStep = 'take' | 'ask-owner' | 'read-assignment';

export function claimStep(node: OffsetNode | undefined, memberId: string, generation: number): ClaimStep {
  if (node === undefined) return 'take';
  if (node.generation > generation) return 'read-assignment';
  // My own id there is a release of mine whose answer was lost: nobody else writes it.
  if (node.owner === undefined || node.owner === memberId) return 'take';
  return 'ask-owner';
}

/** Rules 9 and 10: how long to wait for an owner that is there before its partition is taken from it; 0: take it now. */
export function waitForOwnerMs(
  owner: { readonly revokeTimeoutMs: number } | undefined,
  sinceWantedMs: number,
): number {
  if (owner === undefined) return 0;
  return Math.max(0, owner.revokeTimeoutMs + takeOverMarginMs - sinceWantedMs);
}

/** What a claim writes over what it read (rules 8 and 11): the offset stays, and is where the new owner starts. */
export function claimed(replaced: OffsetNode | undefined, memberId: string, generation: number): OffsetNode {
  return {
    owner: memberId,
    generation,
    claim: (replaced?.claim ?? 0) + 1,
    ...(replaced?.offset === undefined ? {} : { offset: replaced.offset }),
    writer: memberId,
  };
}

/** What a commit writes over what I wrote last (rule 12). */
export function committed(mine: OffsetNode, offset: number): OffsetNode {
  return { ...mine, offset };
}

/** What a release writes over what I wrote last (rule 7); without an offset, what was committed stays. */
export function released(mine: OffsetNode, offset: number | undefined): OffsetNode {
  const { owner: _, ...rest } = mine;
  return offset === undefined ? rest : { ...rest, offset };
}

/**
 * Rule 13: after a mismatch or a lost answer, what the node read back says about my write. `landed`: it is there.
 * `mine`: it is not, but I own the partition still, and may write again at the version read. `fenced`: never again.
 */
export type ReadBack = 'landed' | 'mine' | 'fenced';

export function readBack(
  node: OffsetNode | undefined,
  mine: OffsetNode,
  written: OffsetNode | undefined,
): ReadBack {
  if (node === undefined) return 'fenced';
  if (written !== undefined && sameOwner(node, written) && node.offset === written.offset) return 'landed';
  return sameOwner(node, mine) ? 'mine' : 'fenced';
}

function sameOwner(node: OffsetNode, other: OffsetNode): boolean {
  return node.owner === other.owner && node.claim === other.claim && node.writer === other.writer;
}

/** Rule 6: what an assignment changes for a member. */
export function changesOf(
  wanted: ReadonlySet<string>,
  present: ReadonlySet<string>,
): { release: string[]; claim: string[] } {
  return {
    release: [...present].filter((key) => !wanted.has(key)),
    claim: [...wanted].filter((key) => !present.has(key)),
  };
}
