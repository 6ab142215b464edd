import type { BrokerApi, ResponseOf } from '@millrace/protocol';
import { failureFrom } from '../failure.ts';
import type { Shards } from '../shards.ts';

type Coordinator = ResponseOf<'findCoordinator'>['coordinators'][number];

/** With the address behind the door that was asked, which the broker's own metadata knows. */
export function findCoordinator(
  shards: Shards,
  metadata: BrokerApi['metadata'],
): BrokerApi['findCoordinator'] {
  return async ({ kind, keys }, context) => {
    const refusal = { error: 'INVALID_REQUEST', message: 'this broker takes no transactions' } as const;
    if (kind === 'transaction') return { coordinators: keys.map((key) => ({ key, ...refusal })) };
    const { brokers } = await metadata({ topics: [] }, context);
    const find = async (key: string): Promise<Coordinator> => {
      if (key === '') return { key, error: 'INVALID_GROUP_ID', message: 'a group has a name' };
      const { nodeId } = await shards.placeOf(key);
      const broker = brokers.find((one) => one.nodeId === nodeId);
      if (broker !== undefined) return { key, error: 'NONE', nodeId, host: broker.host, port: broker.port };
      const message = `broker ${nodeId}, which coordinates '${key}', has no listener '${context.listener}'`;
      return { key, error: 'COORDINATOR_NOT_AVAILABLE', message };
    };
    return {
      coordinators: await Promise.all(
        keys.map((key) => find(key).catch((error: unknown) => ({ key, ...failureFrom(error) }))),
      ),
    };
  };
}
