import type { BrokerApi, ResponseOf } from '@millrace/protocol';
import type { ClassicGroup } from '../classic-group.ts';
import { type Failure, failureFrom } from '../failure.ts';
import type { Shards } from '../shards.ts';

type Described = ResponseOf<'describeGroups'>['groups'][number];

const nothing = Buffer.alloc(0);

export function describeGroups(shards: Shards): BrokerApi['describeGroups'] {
  const describe = async (groupId: string): Promise<Described> => {
    try {
      const group = (await shards.of(groupId)).find(groupId);
      if (group !== undefined) return described(group.members);
      return noGroup(groupId, { error: 'GROUP_ID_NOT_FOUND', message: `there is no group '${groupId}'` });
    } catch (error) {
      return noGroup(groupId, failureFrom(error));
    }
  };
  return async ({ groups }) => ({ groups: await Promise.all(Array.from(new Set(groups), describe)) });
}

/** What members said and got is there when the group is stable. */
function described({ groupId, state, protocolType, protocolName, members }: ClassicGroup): Described {
  const isStable = state === 'stable';
  return {
    groupId,
    error: 'NONE',
    state,
    protocolType,
    protocolName: isStable ? protocolName : '',
    members: members.map((member) => ({
      memberId: member.memberId,
      ...(member.instanceId === undefined ? {} : { groupInstanceId: member.instanceId }),
      clientId: member.clientId,
      clientHost: member.clientHost,
      metadata: isStable ? member.metadataFor(protocolName) : nothing,
      assignment: isStable ? member.assignment : nothing,
    })),
  };
}

function noGroup(groupId: string, failure: Failure): Described {
  return { groupId, ...failure, state: 'dead', protocolType: '', protocolName: '', members: [] };
}
