import { brokerNode, memoryRegistry, partitionNode, paths, topicNode } from '@millrace/coordination';
import { registeredCluster } from './registered-cluster.ts';

const endpoints = { native: { host: 'a', port: 1 }, kafka: { host: 'a', port: 2 } };
const orders = { id: 'id-orders', name: 'orders', replicas: [[1], [2]], config: {}, writer: 'test' };

describe('a cluster by its registry', () => {
  it('is described without a broker to ask', async () => {
    const registry = memoryRegistry().session();
    const node = { nodeId: 1, endpoints, host: 'mill', pid: 7, since: 100 };
    const { created } = await registry.create(paths.broker(1), brokerNode.encode(node), { ephemeral: true });
    await registry.create(paths.clusterId, Buffer.from('the-cluster'));
    await registry.create(paths.controller, Buffer.from('1'), { ephemeral: true });
    await registry.create(paths.topic('orders'), topicNode.encode(orders));
    const gone = { ...orders, id: 'id-gone', name: 'gone', deleted: true as const };
    await registry.create(paths.topic('gone'), topicNode.encode(gone));
    const state = {
      leader: 1,
      leaderIncarnation: created,
      leaderEpoch: 1,
      inSync: [],
      since: 5,
      writer: 't',
    };
    await registry.create(paths.partition('id-orders', 0), partitionNode.encode(state));

    const cluster = await registeredCluster(registry, 1_000);

    expect(cluster).toEqual({
      clusterId: 'the-cluster',
      controller: 1,
      brokers: [
        {
          nodeId: 1,
          state: 'live',
          addresses: ['a:1', 'a:2'],
          host: 'mill',
          pid: 7,
          since: 100,
          incarnation: created,
        },
        { nodeId: 2, state: 'gone', addresses: [] },
      ],
      topics: [
        {
          name: 'orders',
          topicId: 'id-orders',
          partitions: [
            { partition: 0, leader: 1, leaderEpoch: 1, replicas: [1], inSyncReplicas: [], since: 5 },
            {
              partition: 1,
              replicas: [2],
              inSyncReplicas: [],
              offline: 'the controller has not chosen a leader yet',
            },
          ],
        },
      ],
      unreadable: [],
    });
    await registry.close();
  });

  it('names what cannot be read, and tells the rest', async () => {
    const registry = memoryRegistry().session();
    await registry.create(paths.topic('orders'), topicNode.encode(orders));
    await registry.create(paths.topic('broken'), Buffer.from('{'));
    await registry.create(paths.broker(7), Buffer.from('{"nodeId":"seven"}'));

    const { topics, unreadable } = await registeredCluster(registry, 0);

    expect(topics.map(({ name }) => name)).toEqual(['orders']);
    expect(unreadable).toEqual([
      { path: '/brokers/7', reason: 'nodeId is "seven", not a whole number from 0' },
      { path: '/topics/broken', reason: 'the value is not JSON' },
    ]);
    await registry.close();
  });
});
