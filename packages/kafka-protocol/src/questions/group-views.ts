import type { ResponseOf } from '@millrace/protocol';
import { findCoordinator } from '../apis/10-find-coordinator.ts';
import { describeGroups } from '../apis/15-describe-groups.ts';
import { listGroups } from '../apis/16-list-groups.ts';
import { given, numberOf, question } from './question.ts';

/** From here on several keys are asked for at once. */
const severalVersion = 4;
const kinds = ['group', 'transaction'] as const;

export const findCoordinatorQuestion = question<typeof findCoordinator, 'findCoordinator'>({
  api: findCoordinator,
  asks: 'findCoordinator',
  refuse: ({ coordinatorType, coordinatorKeys }) => {
    if (kinds[coordinatorType] !== undefined) return undefined;
    const refused = {
      errorCode: numberOf('INVALID_REQUEST'),
      errorMessage: null,
      nodeId: -1,
      host: '',
      port: -1,
    };
    return { ...refused, coordinators: coordinatorKeys.map((key) => ({ key, ...refused })) };
  },
  ask: ({ coordinatorKey, coordinatorType, coordinatorKeys }, version) => ({
    kind: kinds[coordinatorType] ?? 'group',
    keys: version < severalVersion ? [coordinatorKey] : [...coordinatorKeys],
  }),
  fail: ({ keys }, failure) => ({ coordinators: keys.map((key) => ({ key, ...failure })) }),
  answer: ({ coordinators }) => {
    const answered = coordinators.map(({ key, error, message, nodeId, host, port }) => ({
      key,
      errorCode: numberOf(error),
      errorMessage: message ?? null,
      nodeId: nodeId ?? -1,
      host: host ?? '',
      port: port ?? -1,
    }));
    return { ...answered[0], coordinators: answered };
  },
});

const states = {
  empty: 'Empty',
  preparingRebalance: 'PreparingRebalance',
  completingRebalance: 'CompletingRebalance',
  stable: 'Stable',
  dead: 'Dead',
} as const;
type State = keyof typeof states;

/** Which of ours are meant; what we do not know matches nothing. Undefined: any. */
function wanted<Name extends string>(
  named: readonly string[],
  ours: Readonly<Record<Name, string>>,
): Name[] | undefined {
  if (named.length === 0) return undefined;
  const lower = new Set(named.map((name) => name.toLowerCase()));
  return (Object.keys(ours) as Name[]).filter((name) => lower.has(ours[name].toLowerCase()));
}

const types = { classic: 'classic', millrace: 'millrace' } as const;

export const listGroupsQuestion = question<typeof listGroups, 'listGroups'>({
  api: listGroups,
  asks: 'listGroups',
  ask: ({ statesFilter, typesFilter }) => ({
    ...given('states', wanted<State>(statesFilter, states)),
    ...given('kinds', wanted(typesFilter, types)),
  }),
  fail: (_, failure) => ({ ...failure, groups: [] }),
  answer: ({ error, groups }) => ({
    errorCode: numberOf(error),
    groups: groups.map(({ groupId, protocolType, state, kind }) => ({
      group: groupId,
      protocolType,
      groupState: states[state],
      groupType: kind,
    })),
  }),
});

type Member = ResponseOf<'describeGroups'>['groups'][number]['members'][number];

/** Before it a group that is not there is Dead, and no error. */
const notFoundVersion = 6;

function memberOf({ memberId, groupInstanceId, clientId, clientHost, metadata, assignment }: Member) {
  return {
    memberId,
    instanceId: groupInstanceId ?? null,
    clientId,
    clientHost: `/${clientHost}`,
    protocolMetadata: metadata,
    memberAssignment: assignment,
  };
}

export const describeGroupsQuestion = question<typeof describeGroups, 'describeGroups'>({
  api: describeGroups,
  asks: 'describeGroups',
  ask: ({ groups }) => ({ groups: [...groups] }),
  fail: ({ groups }, failure) => ({
    groups: groups.map((groupId) => ({
      groupId,
      ...failure,
      state: 'dead',
      protocolType: '',
      protocolName: '',
      members: [],
    })),
  }),
  answer: ({ groups }, _, version) => ({
    groups: groups.map(({ groupId, error, message, state, protocolType, protocolName, members }) => ({
      errorCode: error === 'GROUP_ID_NOT_FOUND' && version < notFoundVersion ? 0 : numberOf(error),
      errorMessage: message ?? null,
      group: groupId,
      state: states[state],
      protocolType,
      protocol: protocolName,
      members: members.map(memberOf),
    })),
  }),
});
