import type { BrokerApi } from '@millrace/protocol';
import { type Failure, failureFrom } from '../failure.ts';
import type { Shards } from '../shards.ts';

export function deleteGroups(shards: Shards): BrokerApi['deleteGroups'] {
  const forget = async (groupId: string): Promise<Partial<Failure>> => {
    const shard = await shards.of(groupId);
    const group = shard.find(groupId);
    if (group === undefined)
      return { error: 'GROUP_ID_NOT_FOUND', message: `there is no group '${groupId}'` };
    const { state, members } = group.members;
    if (state !== 'empty')
      return { error: 'NON_EMPTY_GROUP', message: `group '${groupId}' has ${members.length} members` };
    await shard.forget(group, group.offsets.all());
    return {};
  };
  return async ({ groups }) => ({
    groups: await Promise.all(
      groups.map(async (groupId) => ({
        groupId,
        error: 'NONE' as const,
        ...(await forget(groupId).catch(failureFrom)),
      })),
    ),
  });
}
