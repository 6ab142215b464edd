import type { CoreApi } from '@millrace/broker-core';
import {
  claimClassicGroup,
  describeGroup,
  listGroups,
  type OpenRegistry,
  type Registry,
  releaseClassicGroup,
} from '@millrace/coordination';
import type { GroupNames } from '@millrace/group-coordinator';
import { apiError, type CallContext } from '@millrace/protocol';
import { hasCode } from '@millrace/runtime';

const context: CallContext = {
  signal: new AbortController().signal,
  clientId: 'group-coordinator',
  connectionId: 0,
  listener: 'in-process',
};

/**
 * Names that groups of Kafka's clients share with Millrace's own, which lie in the registry. Each question has a session of
 * its own: names change hands seldom. Of our own groups the broker with the smallest id tells.
 */
export function groupNames(open: OpenRegistry, api: CoreApi, nodeId: number): GroupNames {
  const inSession = async <Result>(work: (registry: Registry) => Promise<Result>): Promise<Result> => {
    const registry = await open();
    try {
      return await work(registry);
    } finally {
      await registry.close();
    }
  };
  return {
    claim: (groupId) =>
      inSession((registry) => claimClassicGroup(registry, groupId)).catch((error: unknown) => {
        if (hasCode(error, 'OTHER_GROUP_KIND'))
          throw apiError('INCONSISTENT_GROUP_PROTOCOL', error.message, { cause: error });
        if (hasCode(error, 'INVALID_GROUP'))
          throw apiError('INVALID_GROUP_ID', error.message, { cause: error });
        throw apiError(
          'COORDINATOR_NOT_AVAILABLE',
          'the registry cannot be asked for the name of the group',
          {
            cause: error,
          },
        );
      }),
    release: (groupId) => inSession((registry) => releaseClassicGroup(registry, groupId)),
    others: async () => {
      const { brokers } = await api.metadata({ topics: [] }, context);
      if (brokers.some((broker) => broker.nodeId < nodeId)) return [];
      return inSession(async (registry) => {
        const names = await listGroups(registry);
        return Promise.all(
          names.map(async (groupId) => {
            const { members } = await describeGroup(registry, groupId);
            const state = members.length === 0 ? ('empty' as const) : ('stable' as const);
            return { groupId, protocolType: 'millrace', state, kind: 'millrace' as const };
          }),
        );
      });
    },
  };
}
