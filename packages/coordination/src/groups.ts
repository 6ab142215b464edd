import type { Offset } from '@millrace/record';

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** What a member subscribed to. */
export interface Member {
  readonly id: string;
  readonly topics: readonly string[];
}

/** Who gets what: pure and total (every partition of a subscribed topic goes to exactly one of its subscribers). Stickiness comes from `previous`. */
export type Assignor = (
  members: readonly Member[],
  partitions: readonly TopicPartition[],
  previous: ReadonlyMap<string, readonly TopicPartition[]>,
) => Map<string, TopicPartition[]>;

/** The next record to read. */
export interface Position extends TopicPartition {
  readonly offset: Offset;
}

/** A partition that this member holds (protocols §A). */
export interface Claim extends TopicPartition {
  readonly generation: number;
  /** Counts the owners of the partition: with the member's id it names this very claim. */
  readonly claim: number;
  /** Where to start; undefined: nothing was committed, the reset policy decides. */
  readonly offset: Offset | undefined;
  /** Aborts when another has it, or the session ended: stop handing out, commit nothing. */
  readonly lost: AbortSignal;
}

/** 'unknown': the answer was lost and could not be read back yet; commit again later. */
export type CommitOutcome = 'committed' | 'fenced' | 'unknown';

export interface GroupMembership extends AsyncDisposable {
  readonly memberId: string;
  /** All claims now held, after each change; the first once the first assignment was claimed. Ends after `leave`. */
  readonly claims: AsyncIterable<readonly Claim[]>;
  /** `offset` is the next record to read: all below was processed. Outcomes in the order asked. */
  commit(processed: readonly { claim: Claim; offset: Offset }[]): Promise<readonly CommitOutcome[]>;
  /** Whether records may be handed out under this claim at this moment (rule 15: asked before each hand-out). */
  holds(claim: Claim): boolean;
  /** Releases everything and leaves. Idempotent. */
  leave(): Promise<void>;
}

export interface JoinOptions {
  group: string;
  topics: readonly string[] | RegExp;
  /** Default: range. */
  assignor?: Assignor;
  /** How long `onRevoke` may take before others claim regardless. 30 s. */
  revokeTimeoutMs?: number;
  /**
   * These claims must go: stop handing out and finish what was handed out, until the deadline; returns, for each claim,
   * the offset up to which everything was processed (undefined: as committed), which is released with it.
   * What goes together may come in several calls, so that no partition waits for the records of another.
   */
  onRevoke(claims: readonly Claim[], deadline: AbortSignal): Promise<readonly (Offset | undefined)[]>;
}

/** What a consumer knows of groups: the registry's, or a Kafka group coordinator's. */
export interface GroupBackend {
  /** Resolves once the member is registered. INVALID_GROUP. */
  join(options: JoinOptions): Promise<GroupMembership>;
}
