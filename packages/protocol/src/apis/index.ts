import { alterConfigs } from './alter-configs.ts';
import { createTopics } from './create-topics.ts';
import { deleteGroups } from './delete-groups.ts';
import { deleteTopics } from './delete-topics.ts';
import { describeConfigs } from './describe-configs.ts';
import { describeGroups } from './describe-groups.ts';
import { fetch } from './fetch.ts';
import { findCoordinator } from './find-coordinator.ts';
import { heartbeat } from './heartbeat.ts';
import { initProducerId } from './init-producer-id.ts';
import { joinGroup } from './join-group.ts';
import { leaveGroup } from './leave-group.ts';
import { listGroups } from './list-groups.ts';
import { listOffsets } from './list-offsets.ts';
import { metadata } from './metadata.ts';
import { offsetCommit } from './offset-commit.ts';
import { offsetFetch } from './offset-fetch.ts';
import { offsetForLeaderEpoch } from './offset-for-leader-epoch.ts';
import { produce } from './produce.ts';
import { registryCall } from './registry-call.ts';
import { registryPoll } from './registry-poll.ts';
import { registrySession } from './registry-session.ts';
import { syncGroup } from './sync-group.ts';

/** Every question a client can ask. On the wire an API is its place in this list: only append. */
export const apis = {
  produce,
  fetch,
  metadata,
  listOffsets,
  createTopics,
  deleteTopics,
  describeConfigs,
  alterConfigs,
  initProducerId,
  offsetForLeaderEpoch,
  registrySession,
  registryCall,
  registryPoll,
  findCoordinator,
  joinGroup,
  syncGroup,
  heartbeat,
  leaveGroup,
  offsetCommit,
  offsetFetch,
  listGroups,
  describeGroups,
  deleteGroups,
} as const;
