import type { BrokerApi } from '@millrace/protocol';
import { failureFrom } from '../failure.ts';
import type { Shards } from '../shards.ts';
import { unknownMember } from '../unknown-member.ts';

export function heartbeat(shards: Shards): BrokerApi['heartbeat'] {
  return async (request) => {
    try {
      const group = (await shards.of(request.groupId)).find(request.groupId);
      return group === undefined ? unknownMember(request) : group.members.heartbeat(request);
    } catch (error) {
      return failureFrom(error);
    }
  };
}
