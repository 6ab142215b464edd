import { alterConfigs } from './alter-configs.ts';
import { createTopics } from './create-topics.ts';
import { deleteTopics } from './delete-topics.ts';
import { describeConfigs } from './describe-configs.ts';
import { fetch } from './fetch.ts';
import { initProducerId } from './init-producer-id.ts';
import { listOffsets } from './list-offsets.ts';
import { metadata } from './metadata.ts';
import { offsetForLeaderEpoch } from './offset-for-leader-epoch.ts';
import { produce } from './produce.ts';
import { registryCall } from './registry-call.ts';
import { registryPoll } from './registry-poll.ts';
import { registrySession } from './registry-session.ts';

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
} as const;
