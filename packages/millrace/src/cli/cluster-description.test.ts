import { describeCluster, type PartitionState } from './cluster-description.ts';

const now = 1_000_000;
const live = [
  { nodeId: 3, addresses: ['c:1'], since: 500 },
  { nodeId: 1, addresses: ['a:1'] },
];
const ledBy = (leader: number): PartitionState => ({
  leader,
  leaderEpoch: 1,
  replicas: [leader],
  inSyncReplicas: [leader],
});
const withoutLeader = (nodeId: number, since: number): PartitionState => ({
  leaderEpoch: 2,
  replicas: [nodeId],
  inSyncReplicas: [nodeId],
  since,
});

describe('a described cluster', () => {
  it('lists who is there, and who is not although partitions lie on it, by number', () => {
    const topics = [
      {
        name: 'orders',
        partitions: [ledBy(1), withoutLeader(2, now - 12_000), withoutLeader(2, now - 11_000)],
      },
    ];

    const { brokers } = describeCluster(live, topics, now);

    expect(brokers).toEqual([
      { nodeId: 1, addresses: ['a:1'], state: 'live' },
      { nodeId: 2, addresses: [], state: 'gone', since: now - 12_000 },
      { nodeId: 3, addresses: ['c:1'], since: 500, state: 'live' },
    ]);
  });

  it.each([
    ['a leader that lives', ledBy(1), undefined],
    ['a leader that just went', ledBy(2), 'leader 2 is not there'],
    ['no leader since it went', withoutLeader(2, now - 12_300), 'leader 2 is not there since 12 s'],
    ['a controller whose clock is ahead', withoutLeader(2, now + 5_000), 'leader 2 is not there since 0 s'],
    ['a leader that is back', withoutLeader(1, now), 'the controller has not chosen a leader yet'],
    ['no state yet', { replicas: [1], inSyncReplicas: [] }, 'the controller has not chosen a leader yet'],
  ])('says why a partition is offline: %s', (_, state, offline) => {
    const { topics } = describeCluster(live, [{ name: 'orders', partitions: [state] }], now);

    expect(topics[0]?.partitions[0]?.offline).toBe(offline);
  });

  it('has topics by name and partitions by number', () => {
    const topics = ['b', 'a'].map((name) => ({ name, partitions: [ledBy(1), ledBy(3)] }));

    const described = describeCluster(live, topics, now).topics;

    expect(described.map(({ name }) => name)).toEqual(['a', 'b']);
    expect(described[0]?.partitions.map(({ partition, leader }) => [partition, leader])).toEqual([
      [0, 1],
      [1, 3],
    ]);
  });
});
