import type { BrokerApi } from '@millrace/protocol';
import { failureFrom } from '../failure.ts';
import type { Shards } from '../shards.ts';
import { unknownMember } from '../unknown-member.ts';

const nothing = Buffer.alloc(0);

export function syncGroup(shards: Shards): BrokerApi['syncGroup'] {
  return async (request, context) => {
    try {
      const group = (await shards.of(request.groupId)).find(request.groupId);
      if (group === undefined) return { ...unknownMember(request), assignment: nothing };
      return await group.members.sync(request, context);
    } catch (error) {
      return { ...failureFrom(error), assignment: nothing };
    }
  };
}
