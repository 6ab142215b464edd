import { type Assignor, shareOut, type TopicPartition } from '@millrace/coordination';
import type { RequestOf, ResponseOf } from '@millrace/protocol';
import type { World } from '@millrace/runtime';
import { readSubscription, type SubscriptionMessage, writeAssignment } from './consumer-protocol.ts';
import type { PartitionCounts } from './group-topics.ts';

type Joined = ResponseOf<'joinGroup'>;
type Assignments = RequestOf<'syncGroup'>['assignments'];

interface KnownMember {
  readonly id: string;
  readonly subscription: SubscriptionMessage;
}

/** What the members want, as they told the coordinator. One that nobody understands gets nothing. */
export function readMembers({ members }: Joined, { logger }: World): KnownMember[] {
  return members.map(({ memberId, metadata }) => {
    try {
      return { id: memberId, subscription: readSubscription(metadata) };
    } catch (error) {
      logger.warn({ err: error, memberId }, 'a member of the group says something that is no subscription');
      return { id: memberId, subscription: { topics: [], owned: [] } };
    }
  });
}

export function topicsOfAll(members: readonly KnownMember[]): string[] {
  return [...new Set(members.flatMap(({ subscription }) => subscription.topics))].sort();
}

/** Who gets what: the leader's part. TypeError when the assignor breaks its contract. */
export function assignmentsOf(
  members: readonly KnownMember[],
  counts: PartitionCounts,
  assignor: Assignor,
): Assignments {
  const partitions = [...counts].flatMap(([topic, count]) =>
    Array.from({ length: count }, (_, partition): TopicPartition => ({ topic, partition })),
  );
  const shares = shareOut(
    assignor,
    members.map(({ id, subscription }) => ({ id, topics: subscription.topics })),
    partitions,
    new Map(members.map(({ id, subscription }) => [id, subscription.owned])),
  );
  return members.map(({ id }) => ({ memberId: id, assignment: writeAssignment(shares.get(id) ?? []) }));
}
