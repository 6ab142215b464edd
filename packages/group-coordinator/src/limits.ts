/** What bounds groups; Kafka's names for the same in brackets. */
export interface GroupLimits {
  /** Sessions shorter or longer are refused (`group.min.session.timeout.ms`, `group.max.session.timeout.ms`). */
  readonly minSessionTimeoutMs: number;
  readonly maxSessionTimeoutMs: number;
  /** Of one log of offsets: whoever reaches the port can make up names without end. */
  readonly maxGroups: number;
  /** Of one group (`group.max.size`). */
  readonly maxMembers: number;
  /** Of what one member says of itself, over all protocols. */
  readonly maxMetadataBytes: number;
  /** Of the note that goes with a committed offset (`offset.metadata.max.bytes`). */
  readonly maxNoteBytes: number;
  /** How long the first member of a group waits for others to come (`group.initial.rebalance.delay.ms`). */
  readonly initialRebalanceDelayMs: number;
  /** Offsets of a group without members go after so long (`offsets.retention.minutes`). */
  readonly offsetRetentionMs: number;
}

/**
 * Kafka's, but for the first rebalance: Kafka waits 3 s for members to gather, which every test and every lone consumer
 * pays for; 50 ms still gathers those that are started together. And nobody needs more than ten thousand members.
 */
export const defaultLimits: GroupLimits = Object.freeze({
  minSessionTimeoutMs: 6_000,
  maxSessionTimeoutMs: 1_800_000,
  maxGroups: 100_000,
  maxMembers: 10_000,
  maxMetadataBytes: 1024 * 1024,
  maxNoteBytes: 4096,
  initialRebalanceDelayMs: 50,
  offsetRetentionMs: 7 * 24 * 60 * 60 * 1000,
});
