import type { BrokerApi } from '@millrace/protocol';
import { failureFrom } from '../failure.ts';
import type { GroupNames } from '../group-names.ts';
import type { Shards } from '../shards.ts';

export function listGroups(shards: Shards, names: GroupNames | undefined): BrokerApi['listGroups'] {
  return async ({ states, kinds }) => {
    try {
      const others = (await names?.others()) ?? [];
      const own = (await shards.groups()).map(({ members }) => ({
        groupId: members.groupId,
        protocolType: members.protocolType,
        state: members.state,
        kind: 'classic' as const,
      }));
      return {
        error: 'NONE',
        groups: [...own, ...others].filter(
          ({ state, kind }) => states?.includes(state) !== false && kinds?.includes(kind) !== false,
        ),
      };
    } catch (error) {
      return { ...failureFrom(error), groups: [] };
    }
  };
}
