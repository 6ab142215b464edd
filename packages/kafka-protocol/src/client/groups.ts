import { errorCodeOf } from '@millrace/protocol';
import { offsetCommit } from '../apis/08-offset-commit.ts';
import { offsetFetch } from '../apis/09-offset-fetch.ts';
import { findCoordinator } from '../apis/10-find-coordinator.ts';
import { joinGroup } from '../apis/11-join-group.ts';
import { heartbeat } from '../apis/12-heartbeat.ts';
import { leaveGroup } from '../apis/13-leave-group.ts';
import { syncGroup } from '../apis/14-sync-group.ts';
import { given, natural } from '../questions/question.ts';
import { byTopic, inOrder, pose } from './pose.ts';

const coordinatorTypes = { group: 0, transaction: 1 } as const;

export const findCoordinatorPose = pose<typeof findCoordinator, 'findCoordinator'>({
  api: findCoordinator,
  version: 4,
  ask: ({ kind, keys }) => ({ coordinatorType: coordinatorTypes[kind], coordinatorKeys: keys }),
  hear: ({ coordinators }) => ({
    coordinators: coordinators.map(({ key, nodeId, host, port, errorCode, errorMessage }) => ({
      key,
      error: errorCodeOf(errorCode),
      ...given('message', errorMessage),
      ...(errorCode === 0 ? { nodeId, host, port } : {}),
    })),
  }),
});

export const joinGroupPose = pose<typeof joinGroup, 'joinGroup'>({
  api: joinGroup,
  version: 7,
  ask: ({ groupId, memberId, groupInstanceId, protocolType, protocols, ...timeouts }) => ({
    group: groupId,
    sessionTimeoutMs: timeouts.sessionTimeoutMs,
    rebalanceTimeoutMs: timeouts.rebalanceTimeoutMs,
    memberId,
    instanceId: groupInstanceId ?? null,
    protocolType,
    protocols,
  }),
  hear: ({ errorCode, generation, protocolType, protocol, leaderId, memberId, members }) => ({
    error: errorCodeOf(errorCode),
    memberId,
    ...given('generation', natural(generation)),
    ...given('protocolType', protocolType),
    ...given('protocolName', protocol),
    ...given('leader', leaderId === '' ? undefined : leaderId),
    members: members.map(({ memberId: id, instanceId, protocolMetadata }) => ({
      memberId: id,
      ...given('groupInstanceId', instanceId),
      metadata: protocolMetadata,
    })),
  }),
});

export const syncGroupPose = pose<typeof syncGroup, 'syncGroup'>({
  api: syncGroup,
  version: 5,
  ask: ({ groupId, generation, memberId, groupInstanceId, protocolType, protocolName, assignments }) => ({
    group: groupId,
    generation,
    memberId,
    instanceId: groupInstanceId ?? null,
    protocolType: protocolType ?? null,
    protocol: protocolName ?? null,
    groupAssignment: assignments.map(({ memberId: id, assignment }) => ({
      memberId: id,
      memberAssignment: assignment,
    })),
  }),
  hear: ({ errorCode, protocolType, protocol, memberAssignment }) => ({
    error: errorCodeOf(errorCode),
    ...given('protocolType', protocolType),
    ...given('protocolName', protocol),
    assignment: memberAssignment,
  }),
});

export const heartbeatPose = pose<typeof heartbeat, 'heartbeat'>({
  api: heartbeat,
  version: 4,
  ask: ({ groupId, generation, memberId, groupInstanceId }) => ({
    group: groupId,
    generation,
    memberId,
    instanceId: groupInstanceId ?? null,
  }),
  hear: ({ errorCode }) => ({ error: errorCodeOf(errorCode) }),
});

export const leaveGroupPose = pose<typeof leaveGroup, 'leaveGroup'>({
  api: leaveGroup,
  version: 4,
  ask: ({ groupId, members }) => ({
    group: groupId,
    members: members.map(({ memberId, groupInstanceId }) => ({
      memberId,
      instanceId: groupInstanceId ?? null,
    })),
  }),
  hear: ({ errorCode, members }) => ({
    error: errorCodeOf(errorCode),
    members: members.map(({ memberId, instanceId, errorCode: ofMember }) => ({
      memberId,
      ...given('groupInstanceId', instanceId),
      error: errorCodeOf(ofMember),
    })),
  }),
});

export const offsetCommitPose = pose<typeof offsetCommit, 'offsetCommit'>({
  api: offsetCommit,
  version: 8,
  ask: ({ groupId, generation, memberId, groupInstanceId, partitions }) => ({
    group: groupId,
    generation: generation ?? -1,
    memberId,
    instanceId: groupInstanceId ?? null,
    topics: byTopic(partitions, ({ partition, offset, leaderEpoch, metadata }) => ({
      partition,
      offset,
      leaderEpoch: leaderEpoch ?? -1,
      metadata: metadata ?? '',
    })),
  }),
  hear: ({ topics }, { partitions }) => ({
    partitions: inOrder(partitions, topics, ({ partition }) => partition).map((answer, at) => ({
      topic: partitions[at]?.topic ?? '',
      partition: answer.partition,
      error: errorCodeOf(answer.errorCode),
    })),
  }),
});

export const offsetFetchPose = pose<typeof offsetFetch, 'offsetFetch'>({
  api: offsetFetch,
  version: 8,
  ask: ({ groups, requireStable }) => ({
    groups: groups.map(({ groupId, partitions }) => ({
      group: groupId,
      topics: partitions === undefined ? null : byTopic(partitions, ({ partition }) => partition),
    })),
    requireStable: requireStable ?? false,
  }),
  hear: ({ groups }) => ({
    groups: groups.map(({ group, errorCode, topics }) => ({
      groupId: group,
      error: errorCodeOf(errorCode),
      partitions: topics.flatMap(({ topic, partitions }) =>
        partitions.map(({ partition, offset, leaderEpoch, metadata, errorCode: ofPartition }) => ({
          topic,
          partition,
          error: errorCodeOf(ofPartition),
          ...given('offset', natural(offset)),
          ...given('leaderEpoch', natural(leaderEpoch)),
          ...given('metadata', metadata),
        })),
      ),
    })),
  }),
});
