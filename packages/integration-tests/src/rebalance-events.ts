/** What a member told of itself (rebalance-member.mjs). `at`: ms, by one clock for all processes of the machine. */
export type MemberEvent = { readonly at: number } & (
  | { readonly kind: 'claims'; readonly member: string; readonly claims: readonly ClaimTold[] }
  | RecordTold
  | { readonly kind: 'holds' | 'committed'; readonly partition: number; readonly offset: number }
  | { readonly kind: 'refused'; readonly partition: number; readonly offset: number; readonly code: string }
  | { readonly kind: 'left' }
);

export interface ClaimTold {
  readonly partition: number;
  readonly generation: number;
  /** Counts the owners of the partition. */
  readonly claim: number;
  /** Where its owner begins. */
  readonly start: number;
}

/** A record that was handed out. */
export interface RecordTold {
  readonly kind: 'record';
  readonly at: number;
  readonly member: string;
  readonly generation: number;
  readonly claim: number;
  readonly partition: number;
  readonly offset: number;
  readonly value: string;
}

/** A record that a broker acknowledged. */
export interface Acknowledged {
  readonly partition: number;
  readonly offset: number;
  readonly value: string;
}
