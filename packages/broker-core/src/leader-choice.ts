import type { PartitionNode } from '@millrace/coordination';

/** Live brokers: node id → present incarnation. */
export type LiveBrokers = ReadonlyMap<number, number>;

/** The part of a partition's state that a controller decides. */
export type LeaderChoice = Omit<PartitionNode, 'since' | 'writer'>;

/**
 * The state of a partition before anyone led it: a pure function of its topic, so that anyone may write it. Its log is
 * empty everywhere, so all replicas are in sync; incarnation 0 stands for "none seen yet".
 */
export function initialState(replicas: readonly number[]): LeaderChoice {
  return { leaderEpoch: 0, inSync: replicas.map((nodeId) => ({ nodeId, incarnation: 0 })) };
}

/**
 * What a partition's state should become, given who lives; undefined: it is right as it is. The leader stays while its
 * incarnation lives; else the first live in-sync replica in the order of the assignment leads, under the next epoch; else
 * nobody, under the next epoch too (protocols §B.3, 4, 5, 17). `inSync` is the leader's to change: it is copied as read.
 */
export function chooseLeader(
  state: LeaderChoice,
  replicas: readonly number[],
  live: LiveBrokers,
): LeaderChoice | undefined {
  const { leader, leaderIncarnation, leaderEpoch, inSync } = state;
  if (leader !== undefined && live.get(leader) === leaderIncarnation) return undefined;
  const inSyncIds = new Set(inSync.map(({ nodeId }) => nodeId));
  for (const nodeId of replicas) {
    const incarnation = live.get(nodeId);
    if (incarnation === undefined || !inSyncIds.has(nodeId)) continue;
    return { leader: nodeId, leaderIncarnation: incarnation, leaderEpoch: leaderEpoch + 1, inSync };
  }
  return leader === undefined ? undefined : { leaderEpoch: leaderEpoch + 1, inSync };
}
