import type { BrokerApi } from '@millrace/protocol';
import { failureFrom } from '../failure.ts';
import type { Shards } from '../shards.ts';

export function joinGroup(shards: Shards): BrokerApi['joinGroup'] {
  return async (request, context) => {
    const { groupId, memberId, sessionTimeoutMs } = request;
    try {
      const { minSessionTimeoutMs: least, maxSessionTimeoutMs: most } = shards.limits;
      const shard = await shards.of(groupId);
      if (sessionTimeoutMs < least || sessionTimeoutMs > most) {
        const message = `a session of ${sessionTimeoutMs} ms is outside [${least}, ${most}]`;
        return { error: 'INVALID_SESSION_TIMEOUT', message, memberId, members: [] };
      }
      const known = shard.find(groupId);
      if (known === undefined && memberId !== '') {
        const message = `group '${groupId}' has no member '${memberId}'`;
        return { error: 'UNKNOWN_MEMBER_ID', message, memberId, members: [] };
      }
      return await (await shard.open(groupId)).members.join(request, context);
    } catch (error) {
      return { ...failureFrom(error), memberId, members: [] };
    }
  };
}
