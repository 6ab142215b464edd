import type { BrokerApi } from '@millrace/protocol';
import { failureFrom } from '../failure.ts';
import type { Shards } from '../shards.ts';

export function leaveGroup(shards: Shards): BrokerApi['leaveGroup'] {
  return async ({ groupId, members }) => {
    try {
      const group = (await shards.of(groupId)).find(groupId);
      return {
        error: 'NONE',
        members: members.map(({ memberId, groupInstanceId }) => {
          const named = { memberId, ...(groupInstanceId === undefined ? {} : { groupInstanceId }) };
          return { ...named, ...(group?.members.leave(named) ?? { error: 'UNKNOWN_MEMBER_ID' as const }) };
        }),
      };
    } catch (error) {
      return { ...failureFrom(error), members: [] };
    }
  };
}
