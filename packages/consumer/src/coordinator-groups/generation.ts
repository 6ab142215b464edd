import { isRetriable } from '@millrace/client';
import type { Claim, CommitOutcome, TopicPartition } from '@millrace/coordination';
import { apiError, type ErrorCode, errorCodes } from '@millrace/protocol';
import type { Offset } from '@millrace/record';
import { codeOf, type World } from '@millrace/runtime';
import type { CoordinatorLink } from './coordinator-link.ts';
import type { Identity } from './heartbeat.ts';

/** A commit whose coordinator cannot be had is tried for so long, before nobody knows what became of it. */
const commitPatienceMs = 5_000;

/** The coordinator has given the partitions to others, or is about to. */
const fencing: ReadonlySet<ErrorCode> = new Set([
  'UNKNOWN_MEMBER_ID',
  'ILLEGAL_GENERATION',
  'FENCED_INSTANCE_ID',
]);

/** A partition that the member got, and what the group has committed of it. */
export interface Share extends TopicPartition {
  readonly offset: Offset | undefined;
}

/** What a member holds from one rebalance to the next. */
export class Generation {
  readonly identity: Identity;
  readonly claims: readonly Claim[];
  readonly #link: CoordinatorLink;
  readonly #world: World;
  readonly #lost: readonly AbortController[];
  readonly #over = new AbortController();
  #state: 'held' | 'stopped' | 'ended' = 'held';
  /** One after the other, so that none overtakes the one before. */
  #inTurn: Promise<unknown> = Promise.resolve();

  constructor(identity: Identity, shares: readonly Share[], link: CoordinatorLink, world: World) {
    this.identity = identity;
    this.#link = link;
    this.#world = world;
    this.#lost = shares.map(() => new AbortController());
    const { generation } = identity;
    this.claims = shares.map((share, at) => ({
      ...share,
      generation,
      // A generation gives a partition to one member.
      claim: generation,
      lost: (this.#lost[at] as AbortController).signal,
    }));
  }

  /** Aborts when nothing can be committed any more, also because the coordinator said so. */
  get over(): AbortSignal {
    return this.#over.signal;
  }

  /** Whether records may be handed out. */
  holds(claim: Claim): boolean {
    return this.#state === 'held' && this.claims.includes(claim);
  }

  /** Hands out nothing from now on; what was processed can still be committed. */
  stop(): void {
    if (this.#state !== 'held') return;
    this.#state = 'stopped';
    for (const lost of this.#lost) lost.abort();
  }

  /** Nothing is committed any more. Idempotent. */
  end(): void {
    this.stop();
    this.#state = 'ended';
    this.#over.abort();
  }

  commit(processed: readonly { claim: Claim; offset: Offset }[]): Promise<readonly CommitOutcome[]> {
    const turn = this.#inTurn.then(() => this.#commit(processed));
    this.#inTurn = turn.catch(() => {});
    return turn;
  }

  async #commit(processed: readonly { claim: Claim; offset: Offset }[]): Promise<CommitOutcome[]> {
    const outcomes = processed.map(
      ({ claim }): CommitOutcome =>
        this.#state !== 'ended' && this.claims.includes(claim) ? 'unknown' : 'fenced',
    );
    const deadline = this.#world.clock.monotonic() + commitPatienceMs;
    for (let failures = 1; outcomes.includes('unknown'); failures += 1) {
      await this.#attempt(processed, outcomes);
      if (!outcomes.includes('unknown') || this.#world.clock.monotonic() >= deadline) break;
      // Once it is over, whoever has the partition now decides.
      if (
        await this.#link.pause(failures, this.#over.signal).then(
          () => false,
          () => true,
        )
      )
        break;
    }
    return outcomes;
  }

  /** Asks for those of which nothing is known, and notes what became of them. */
  async #attempt(
    processed: readonly { claim: Claim; offset: Offset }[],
    outcomes: CommitOutcome[],
  ): Promise<void> {
    const open = outcomes.flatMap((outcome, at) => (outcome === 'unknown' ? [at] : []));
    const partitions = open.map((at) => {
      const { claim, offset } = processed[at] as { claim: Claim; offset: Offset };
      return { topic: claim.topic, partition: claim.partition, offset };
    });
    try {
      const answer = await this.#link.call('offsetCommit', { ...this.identity, partitions });
      for (const [nth, at] of open.entries()) {
        const outcome = outcomeOf(answer.partitions[nth]?.error ?? 'UNKNOWN_SERVER_ERROR');
        outcomes[at] = outcome;
        if (outcome === 'fenced') this.end();
      }
    } catch (error) {
      if (!isRetriable(error) || codeOf(error) === 'CLUSTER_CLOSED') throw error;
    }
  }
}

/** Throws what no other attempt changes. */
function outcomeOf(error: ErrorCode): CommitOutcome {
  if (error === 'NONE') return 'committed';
  if (fencing.has(error)) return 'fenced';
  if (errorCodes[error].retriable || error === 'REBALANCE_IN_PROGRESS') return 'unknown';
  throw apiError(error, `the coordinator did not take a commit: ${errorCodes[error].meaning}`);
}
