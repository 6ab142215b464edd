import type { Assignor, Member, TopicPartition } from '../groups.ts';

/** What the assignor says, once it was looked over. TypeError when it breaks its contract. */
export function shareOut(
  assignor: Assignor,
  members: readonly Member[],
  partitions: readonly TopicPartition[],
  previous: ReadonlyMap<string, readonly TopicPartition[]>,
): Map<string, TopicPartition[]> {
  const shares = assignor(members, partitions, previous);
  checkShares(shares, members, partitions);
  return shares;
}

function checkShares(
  shares: ReadonlyMap<string, readonly TopicPartition[]>,
  members: readonly Member[],
  partitions: readonly TopicPartition[],
): void {
  const subscriptions = new Map(members.map(({ id, topics }) => [id, new Set(topics)]));
  const free = new Set(partitions.map(nameOf));
  for (const [memberId, given] of shares) {
    for (const share of given) {
      if (subscriptions.get(memberId)?.has(share.topic) !== true) {
        throw new TypeError(`the assignor gave ${nameOf(share)} to ${memberId}, who did not ask for it`);
      }
      if (!free.delete(nameOf(share))) {
        throw new TypeError(`the assignor gave ${nameOf(share)} twice, or it does not exist`);
      }
    }
  }
}

function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}-${partition}`;
}
