import type { BrokerApi } from '@millrace/protocol';
import type { World } from '@millrace/runtime';
import { nodeWorld } from '@millrace/runtime/node';
import type { GroupNames } from './group-names.ts';
import { defaultLimits, type GroupLimits } from './limits.ts';
import type { OffsetStore } from './offset-store.ts';
import { deleteGroups } from './questions/delete-groups.ts';
import { describeGroups } from './questions/describe-groups.ts';
import { findCoordinator } from './questions/find-coordinator.ts';
import { heartbeat } from './questions/heartbeat.ts';
import { joinGroup } from './questions/join-group.ts';
import { leaveGroup } from './questions/leave-group.ts';
import { listGroups } from './questions/list-groups.ts';
import { offsetCommit } from './questions/offset-commit.ts';
import { offsetFetch } from './questions/offset-fetch.ts';
import { syncGroup } from './questions/sync-group.ts';
import { Shards } from './shards.ts';

export interface GroupCoordinatorOptions {
  /** Of the broker. */
  readonly nodeId: number;
  readonly store: OffsetStore;
  /** Of the broker: it knows the addresses of the others behind each door. */
  readonly metadata: BrokerApi['metadata'];
  /** Names are shared with groups of another kind. Default: there is no other kind. */
  readonly names?: GroupNames;
  /** Where the defaults do not do. */
  readonly limits?: Partial<GroupLimits>;
}

/** What a coordinator answers. */
export type GroupApi = Pick<
  BrokerApi,
  | 'findCoordinator'
  | 'joinGroup'
  | 'syncGroup'
  | 'heartbeat'
  | 'leaveGroup'
  | 'offsetCommit'
  | 'offsetFetch'
  | 'listGroups'
  | 'describeGroups'
  | 'deleteGroups'
>;

export interface GroupCoordinator {
  readonly api: GroupApi;
  /** Answers what waits, with COORDINATOR_NOT_AVAILABLE, and takes no more. Idempotent. */
  close(): void;
}

/** Coordinates the groups whose offsets lie in logs that this broker leads. It asks nothing and starts nothing before it is asked. */
export function groupCoordinator(
  { nodeId, store, metadata, names, limits = {} }: GroupCoordinatorOptions,
  world: World = nodeWorld,
): GroupCoordinator {
  const shards = new Shards({ nodeId, store, names, limits: { ...defaultLimits, ...limits } }, world);
  return {
    api: {
      findCoordinator: findCoordinator(shards, metadata),
      joinGroup: joinGroup(shards),
      syncGroup: syncGroup(shards),
      heartbeat: heartbeat(shards),
      leaveGroup: leaveGroup(shards),
      offsetCommit: offsetCommit(shards),
      offsetFetch: offsetFetch(shards),
      listGroups: listGroups(shards, names),
      describeGroups: describeGroups(shards),
      deleteGroups: deleteGroups(shards),
    },
    close: () => shards.close(),
  };
}
