import type { Cluster } from '@millrace/client';
import type { GroupBackend } from '@millrace/coordination';
import type { World } from '@millrace/runtime';
import { nodeWorld } from '@millrace/runtime/node';
import { offeredAssignors } from './assignors.ts';
import { CoordinatorMembership } from './membership.ts';

export interface CoordinatorGroupsOptions {
  /** A member that is not heard of for so long loses what it holds. Brokers take 6 s to 30 min. 30 s */
  sessionTimeoutMs?: number;
}

const defaultSessionTimeoutMs = 30_000;
const defaultRevokeTimeoutMs = 30_000;

/**
 * Groups that a broker coordinates, as those of Kafka's clients ("classic" groups: JoinGroup, SyncGroup, Heartbeat), who may
 * be members of the same group. With every rebalance all members give back everything.
 */
export function coordinatorGroups(
  cluster: Cluster,
  { sessionTimeoutMs = defaultSessionTimeoutMs }: CoordinatorGroupsOptions = {},
  world: World = nodeWorld,
): GroupBackend {
  return {
    join: (options) => {
      const { assignor, revokeTimeoutMs = defaultRevokeTimeoutMs } = options;
      const assignors = offeredAssignors(assignor);
      return CoordinatorMembership.join(
        cluster,
        { ...options, revokeTimeoutMs, sessionTimeoutMs, assignors },
        world,
      );
    },
  };
}
