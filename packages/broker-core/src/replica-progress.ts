import type { Offset } from '@millrace/record';

/** What is known of a replica besides the leader. */
export interface FollowerProgress {
  /** Everything below survives a power cut there; undefined until it fetched under this leader epoch (protocols §B.8). */
  readonly flushedOffset: Offset | undefined;
}

/**
 * Below this offset every in-sync replica has everything: the least over the leader's own mark (flushed or written, by
 * durability) and what its in-sync followers have flushed. It never goes back, so a follower that is not heard of yet
 * holds it where it is.
 */
export function highWatermark(
  previous: Offset,
  leaderMark: Offset,
  inSyncFollowers: readonly FollowerProgress[],
): Offset {
  let least = leaderMark;
  for (const { flushedOffset } of inSyncFollowers) least = Math.min(least, flushedOffset ?? previous);
  return Math.max(previous, least);
}
