import { codeOf, hasCode } from '@millrace/runtime';
import { type OffsetNode, offsetNode } from './group-nodes.ts';
import { committed, readBack, released } from './group-rules.ts';
import type { Claim, CommitOutcome } from './groups.ts';
import type { MemberContext } from './member-context.ts';
import type { Share } from './next-assignment.ts';

const releaseRetryMs = 200;

/** A commit that waits for its turn; later ones merge into it. */
interface PendingCommit {
  offset: number;
  readonly outcome: Promise<CommitOutcome>;
}

/**
 * My right to one partition, from the claim to its release or loss: protocols §A, rules 7, 12, 13 and 14. What touches
 * the node goes one after the other; the version of the last write is what the next one expects.
 */
export class Ownership {
  readonly claim: Claim;
  /** Resolves when the partition is no longer mine, by release or by loss. */
  readonly ended: Promise<void>;
  readonly #context: MemberContext;
  readonly #path: string;
  readonly #lost = new AbortController();
  readonly #end: () => void;
  #state: 'held' | 'stopped' | 'ended' = 'held';
  #mine: OffsetNode;
  #version: number;
  /** Whether something may have happened to the node since the last answer, so that it is read before it is written. */
  #inDoubt = false;
  #inTurn: Promise<unknown> = Promise.resolve();
  #pending: PendingCommit | undefined;

  /** `mine` is what the claim wrote, `version` what it made. */
  constructor(context: MemberContext, path: string, share: Share, mine: OffsetNode, version: number) {
    this.#context = context;
    this.#path = path;
    this.#mine = mine;
    this.#version = version;
    const { topic, partition } = share;
    const { generation, claim, offset } = mine;
    this.claim = { topic, partition, generation, claim, offset, lost: this.#lost.signal };
    let end = (): void => {};
    this.ended = new Promise((resolve) => {
      end = resolve;
    });
    this.#end = end;
  }

  /** Whether records may be handed out. */
  get held(): boolean {
    return this.#state === 'held';
  }

  /** Hands out nothing from now on; the partition is still mine, and what was processed can still be committed. */
  stop(): void {
    if (this.#state !== 'held') return;
    this.#state = 'stopped';
    this.#lost.abort();
  }

  /** It is another's, or the session is over: nothing is written any more. Idempotent. */
  lose(): void {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    this.#lost.abort();
    this.#end();
  }

  commit(offset: number): Promise<CommitOutcome> {
    if (this.#state === 'ended') return Promise.resolve('fenced');
    if (this.#pending !== undefined) {
      this.#pending.offset = offset;
      return this.#pending.outcome;
    }
    const outcome = this.#takeTurn(() => {
      const latest = this.#pending?.offset ?? offset;
      this.#pending = undefined;
      return this.#write((mine) => committed(mine, latest));
    });
    this.#pending = { offset, outcome };
    return outcome;
  }

  /** Looks whether the partition is still mine: after its node changed, or the session was unsure (rules 13 and 17). */
  async check(): Promise<void> {
    await this.#takeTurn(async () => {
      if (this.#state === 'ended') return;
      this.#inDoubt = true;
      await this.#clearDoubt(undefined);
    });
  }

  /** Gives the partition back, processed up to `offset` (undefined: as committed); tries until it is known to be done. */
  async release(offset: number | undefined): Promise<void> {
    this.stop();
    for (;;) {
      const outcome = await this.#takeTurn(() => this.#write((mine) => released(mine, offset)));
      if (outcome !== 'unknown') break;
      await this.#context.sleep(releaseRetryMs);
    }
    this.lose();
  }

  #takeTurn<Result>(act: () => Promise<Result>): Promise<Result> {
    const turn = this.#inTurn.then(act);
    this.#inTurn = turn.catch(() => {});
    return turn;
  }

  async #write(change: (mine: OffsetNode) => OffsetNode): Promise<CommitOutcome> {
    for (;;) {
      if (this.#isOver()) return 'fenced';
      if (this.#context.registry.state === 'unsure') {
        this.#inDoubt = true;
        return 'unknown';
      }
      const next = change(this.#mine);
      if (this.#inDoubt) {
        const outcome = await this.#clearDoubt(next);
        if (outcome !== 'mine') return outcome;
      }
      if (await this.#set(next)) return 'committed';
    }
  }

  /** false when the answer was a mismatch or none: then the node is read before anything else. */
  async #set(next: OffsetNode): Promise<boolean> {
    try {
      this.#version = await this.#context.registry.set(this.#path, offsetNode.encode(next), {
        version: this.#version,
      });
      this.#mine = next;
      return true;
    } catch (error) {
      if (hasCode(error, 'SESSION_EXPIRED')) this.lose();
      else if (isInDoubt(error)) this.#inDoubt = true;
      else throw error;
      return false;
    }
  }

  async #clearDoubt(written: OffsetNode | undefined): Promise<CommitOutcome | 'mine'> {
    try {
      const found = await this.#context.registry.get(this.#path);
      const node = found && offsetNode.decode(found.data, this.#path);
      const outcome = readBack(node, this.#mine, written);
      if (outcome === 'fenced' || found === undefined || node === undefined) return this.#fenced();
      this.#version = found.version;
      this.#mine = node;
      this.#inDoubt = false;
      return outcome === 'landed' ? 'committed' : 'mine';
    } catch (error) {
      if (hasCode(error, 'OUTCOME_UNKNOWN')) return 'unknown';
      if (hasCode(error, 'SESSION_EXPIRED') || hasCode(error, 'BAD_NODE')) return this.#fenced();
      throw error;
    }
  }

  #fenced(): CommitOutcome {
    if (this.#state !== 'ended') {
      const { topic, partition } = this.claim;
      this.#context.world.logger.info({ topic, partition }, 'a partition of the group is no longer mine');
    }
    this.lose();
    return 'fenced';
  }

  #isOver(): boolean {
    return this.#state === 'ended' || this.#context.over.aborted;
  }
}

function isInDoubt(error: unknown): boolean {
  return ['VERSION_MISMATCH', 'NODE_MISSING', 'OUTCOME_UNKNOWN'].includes(codeOf(error) ?? '');
}
