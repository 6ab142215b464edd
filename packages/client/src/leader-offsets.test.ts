import type { BrokerApi, RequestOf } from '@millrace/protocol';
import { CodedError } from '@millrace/runtime';
import { testWorld } from '@millrace/runtime/testing';
import { inProcessConnector } from '@millrace/transport';
import { openCluster } from './open-cluster.ts';

/** Brokers 1 and 2; each answers for the partitions it leads, at offset 100 + partition, and refuses the others. */
function ledBy(leaders: number[], told: readonly (number | undefined)[] = leaders) {
  const world = testWorld();
  const asked: string[] = [];
  const state = { told, fail: undefined as Error | undefined, isConfused: false };
  const broker = (id: number): Partial<BrokerApi> => ({
    metadata: async ({ topics = [] }) => ({
      clusterId: 'test',
      brokers: [1, 2].map((nodeId) => ({ nodeId, host: 'in-process', port: 0 })),
      topics: topics.map((name) =>
        name === 'orders'
          ? {
              name,
              error: 'NONE' as const,
              partitions: state.told.map((leader, partition) => ({
                partition,
                error: 'NONE' as const,
                ...(leader === undefined ? {} : { leader, leaderEpoch: 1 }),
                replicas: [],
                inSyncReplicas: [],
              })),
            }
          : { name, error: 'UNKNOWN_TOPIC_OR_PARTITION' as const, partitions: [] },
      ),
    }),
    listOffsets: async ({ partitions }) => {
      asked.push(`${id}: ${partitions.map(({ partition }) => partition).join()}`);
      const { fail } = state;
      state.fail = undefined;
      if (fail !== undefined) throw fail;
      const answered = state.isConfused ? partitions.toReversed() : partitions;
      return {
        partitions: answered.map(({ topic, partition }) =>
          leaders[partition] === id
            ? { topic, partition, error: 'NONE' as const, offset: 100 + partition }
            : { topic, partition, error: 'NOT_LEADER_OR_FOLLOWER' as const },
        ),
      };
    },
  });
  const brokers = [broker(1), broker(2)];
  const cluster = openCluster(
    {
      connect: inProcessConnector((nodeId = 1) => brokers[nodeId - 1]),
      bootstrap: [{ nodeId: 1, host: 'in-process', port: 0 }],
    },
    world,
  );
  return { world, asked, state, leaders, cluster };
}

const latest = (...partitions: number[]): RequestOf<'listOffsets'> => ({
  partitions: partitions.map((partition) => ({ topic: 'orders', partition, at: 'latest' })),
});

describe('asking a cluster for offsets', () => {
  it('asks the leader of each partition, and answers in the order asked', async () => {
    const { asked, cluster } = ledBy([1, 2, 1]);

    const { partitions } = await cluster.call('listOffsets', latest(2, 1, 0));

    expect(partitions.map(({ offset }) => offset)).toEqual([102, 101, 100]);
    expect(asked.sort()).toEqual(['1: 2,0', '2: 1']);
  });

  it('takes an answer in another partition’s place for none', async () => {
    const { cluster, state } = ledBy([1, 1]);
    state.isConfused = true;

    const { partitions } = await cluster.call('listOffsets', latest(0, 1));

    expect(partitions.map(({ partition, error, offset }) => [partition, error, offset])).toEqual([
      [0, 'UNKNOWN_SERVER_ERROR', undefined],
      [1, 'UNKNOWN_SERVER_ERROR', undefined],
    ]);
    await cluster.close();
  });

  it('asks again where the leader has moved, and only there', async () => {
    const { world, asked, state, leaders, cluster } = ledBy([1, 1]);
    await cluster.call('listOffsets', latest(0, 1));
    asked.length = 0;
    leaders[1] = 2;
    state.told = [...leaders];

    const answer = cluster.call('listOffsets', latest(0, 1));
    await world.clock.advance(1_000);

    expect((await answer).partitions.map(({ offset }) => offset)).toEqual([100, 101]);
    expect(asked).toEqual(['1: 0,1', '2: 1']);
  });

  it('asks again when the line was cut', async () => {
    const { world, state, cluster } = ledBy([1, 2]);
    state.fail = new CodedError('NETWORK_EXCEPTION', 'the line was cut');

    const answer = cluster.call('listOffsets', latest(0, 1));
    await world.clock.advance(1_000);

    expect((await answer).partitions.map(({ offset }) => offset)).toEqual([100, 101]);
  });

  it('says after all attempts which partitions have no answer, beside those that have one', async () => {
    const { world, cluster } = ledBy([1, 2, 1], [1, 1, undefined]);

    const answer = cluster.call('listOffsets', {
      partitions: [...latest(0, 1, 2, 7).partitions, { topic: 'oders', partition: 0, at: 'latest' }],
    });
    await world.clock.advance(60_000);

    expect((await answer).partitions.map(({ error, offset }) => offset ?? error)).toEqual([
      100,
      'NOT_LEADER_OR_FOLLOWER',
      'LEADER_NOT_AVAILABLE',
      'UNKNOWN_TOPIC_OR_PARTITION',
      'UNKNOWN_TOPIC_OR_PARTITION',
    ]);
  });
});
