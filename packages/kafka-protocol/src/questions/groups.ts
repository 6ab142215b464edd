import { joinGroup } from '../apis/11-join-group.ts';
import { heartbeat } from '../apis/12-heartbeat.ts';
import { leaveGroup } from '../apis/13-leave-group.ts';
import { syncGroup } from '../apis/14-sync-group.ts';
import { deleteGroups } from '../apis/42-delete-groups.ts';
import { given, natural, numberOf, question } from './question.ts';

/** From here on clients take MEMBER_ID_REQUIRED for an answer. */
const memberIdVersion = 4;
/** From here on a leader may be told not to assign. */
const skipVersion = 9;
const noBytes = Buffer.alloc(0);

export const joinGroupQuestion = question<typeof joinGroup, 'joinGroup'>({
  api: joinGroup,
  asks: 'joinGroup',
  ask: ({ group, sessionTimeoutMs, rebalanceTimeoutMs, memberId, instanceId, reason, ...rest }, version) => ({
    groupId: group,
    memberId,
    ...given('groupInstanceId', instanceId),
    protocolType: rest.protocolType,
    protocols: [...rest.protocols],
    sessionTimeoutMs: Math.max(0, sessionTimeoutMs),
    // The first version has one timeout for both.
    rebalanceTimeoutMs: natural(rebalanceTimeoutMs) ?? Math.max(0, sessionTimeoutMs),
    ...given('reason', reason),
    takesMemberId: version >= memberIdVersion,
    canSkipAssignment: version >= skipVersion,
  }),
  fail: ({ memberId }, failure) => ({ ...failure, memberId, members: [] }),
  answer: ({ error, generation, protocolType, protocolName, leader, skipAssignment, memberId, members }) => ({
    errorCode: numberOf(error),
    generation: generation ?? -1,
    protocolType: protocolType ?? null,
    protocol: protocolName ?? null,
    leaderId: leader ?? '',
    skipAssignment: skipAssignment ?? false,
    memberId,
    members: members.map(({ memberId: id, groupInstanceId, metadata }) => ({
      memberId: id,
      instanceId: groupInstanceId ?? null,
      protocolMetadata: metadata,
    })),
  }),
});

export const syncGroupQuestion = question<typeof syncGroup, 'syncGroup'>({
  api: syncGroup,
  asks: 'syncGroup',
  refuse: ({ generation }) =>
    generation < 0 ? { errorCode: numberOf('ILLEGAL_GENERATION'), memberAssignment: noBytes } : undefined,
  ask: ({ group, generation, memberId, instanceId, protocolType, protocol, groupAssignment }) => ({
    groupId: group,
    generation,
    memberId,
    ...given('groupInstanceId', instanceId),
    ...given('protocolType', protocolType),
    ...given('protocolName', protocol),
    assignments: groupAssignment.map(({ memberId: id, memberAssignment }) => ({
      memberId: id,
      assignment: memberAssignment,
    })),
  }),
  fail: (_, failure) => ({ ...failure, assignment: noBytes }),
  answer: ({ error, protocolType, protocolName, assignment }) => ({
    errorCode: numberOf(error),
    protocolType: protocolType ?? null,
    protocol: protocolName ?? null,
    memberAssignment: assignment,
  }),
});

export const heartbeatQuestion = question<typeof heartbeat, 'heartbeat'>({
  api: heartbeat,
  asks: 'heartbeat',
  refuse: ({ generation }) => (generation < 0 ? { errorCode: numberOf('ILLEGAL_GENERATION') } : undefined),
  ask: ({ group, generation, memberId, instanceId }) => ({
    groupId: group,
    generation,
    memberId,
    ...given('groupInstanceId', instanceId),
  }),
  fail: (_, failure) => failure,
  answer: ({ error }) => ({ errorCode: numberOf(error) }),
});

/** Before version 3 one member leaves, and what becomes of it is said of the whole. */
const severalVersion = 3;

export const leaveGroupQuestion = question<typeof leaveGroup, 'leaveGroup'>({
  api: leaveGroup,
  asks: 'leaveGroup',
  ask: ({ group, memberId, members }, version) => ({
    groupId: group,
    members:
      version < severalVersion
        ? [{ memberId }]
        : members.map(({ memberId: id, instanceId, reason }) => ({
            memberId: id,
            ...given('groupInstanceId', instanceId),
            ...given('reason', reason),
          })),
  }),
  fail: (_, failure) => ({ ...failure, members: [] }),
  answer: ({ error, members }, _, version) => ({
    errorCode: numberOf(version < severalVersion && error === 'NONE' ? (members[0]?.error ?? error) : error),
    members: members.map(({ memberId, groupInstanceId, error: ofMember }) => ({
      memberId,
      instanceId: groupInstanceId ?? null,
      errorCode: numberOf(ofMember),
    })),
  }),
});

export const deleteGroupsQuestion = question<typeof deleteGroups, 'deleteGroups'>({
  api: deleteGroups,
  asks: 'deleteGroups',
  ask: ({ groups }) => ({ groups: [...groups] }),
  fail: ({ groups }, failure) => ({ groups: groups.map((groupId) => ({ groupId, ...failure })) }),
  answer: ({ groups }) => ({
    throttleTimeMs: 0,
    groups: groups.map(({ groupId, error }) => ({ group: groupId, errorCode: numberOf(error) })),
  }),
});
