import {
  brokerNode,
  memoryRegistry,
  type PartitionNode,
  partitionNode,
  paths,
  type Registry,
  type TopicNode,
  topicNode,
} from '@millrace/coordination';
import { testWorld } from '@millrace/runtime/testing';
import { MetadataFollower } from './metadata-follower.ts';
import { MetadataView, type TopicView } from './metadata-view.ts';

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const topicOf = (name: string, id: string, partitions = 1): TopicNode => ({
  id,
  name,
  replicas: Array.from({ length: partitions }, () => [1]),
  config: {},
  writer: 'test',
});
const stateOf = (leaderEpoch: number): PartitionNode => ({
  leader: 1,
  leaderIncarnation: 1,
  leaderEpoch,
  inSync: [{ nodeId: 1, incarnation: 1 }],
  writer: 'test',
});

async function followed() {
  const registry = memoryRegistry();
  const session = registry.session();
  const world = testWorld();
  const view = new MetadataView();
  const replaced: TopicView[] = [];
  view.listen({
    topicChanged: () => {},
    topicReplaced: (topic) => replaced.push(topic),
    partitionChanged: () => {},
    brokersChanged: () => {},
  });
  const end = new AbortController();
  const follow = (over: Registry = session) => new MetadataFollower(view, over, end.signal, world).follow();
  return { session, world, view, replaced, follow, end };
}

describe('metadata follower', () => {
  it('has seen everything that is there when it says so', async () => {
    const { session, view, follow } = await followed();
    await session.create(paths.broker(7), brokerNode.encode({ nodeId: 7, endpoints: {} }));
    for (let count = 0; count < 50; count++) {
      await session.create(
        paths.topic(`t${count}`),
        topicNode.encode(topicOf(`t${count}`, `id${count}`, 20)),
      );
      await session.create(paths.partition(`id${count}`, 19), partitionNode.encode(stateOf(count)));
    }

    await follow();

    expect([...view.brokers.keys()]).toEqual([7]);
    const epochs = view.topics().map(({ partitions }) => partitions[19]?.leaderEpoch ?? -1);
    expect(epochs.toSorted((left, right) => left - right)).toEqual([...Array(50).keys()]);
    expect(view.topicById('id3')?.name).toBe('t3');
  });

  it('sees what changes afterwards', async () => {
    const { session, view, follow } = await followed();
    await follow();

    await session.create(paths.topic('orders'), topicNode.encode(topicOf('orders', 'a')));
    await settle();
    await session.create(paths.partition('a', 0), partitionNode.encode(stateOf(1)));
    await session.set(paths.partition('a', 0), partitionNode.encode(stateOf(2)), { version: 0 });
    await settle();

    expect(view.topic('orders')?.partitions[0]?.leaderEpoch).toBe(2);
  });

  it('tells a topic from another of the same name', async () => {
    const { session, view, replaced, follow } = await followed();
    const path = paths.topic('orders');
    await session.create(path, topicNode.encode(topicOf('orders', 'a')));
    await session.create(paths.partition('a', 0), partitionNode.encode(stateOf(5)));
    await follow();

    await session.set(path, topicNode.encode({ ...topicOf('orders', 'a'), deleted: true }), { version: 0 });
    await settle();
    const whenDeleted = view.topic('orders');
    const tombstone = view.hasTombstone('a');
    await session.set(path, topicNode.encode(topicOf('orders', 'b', 2)), { version: 1 });
    await settle();
    await session.set(paths.partition('a', 0), partitionNode.encode(stateOf(6)), { version: 0 });
    await settle();

    expect(whenDeleted).toBeUndefined();
    expect(tombstone).toBe(true);
    expect(view.topic('orders')).toMatchObject({ id: 'b', partitions: [undefined, undefined] });
    expect(replaced.map(({ id }) => id)).toEqual(['a']);
    expect(view.topicById('a')).toBeUndefined();
  });

  it('keeps what it knew of a node that cannot be read, until it can', async () => {
    const { session, view, follow } = await followed();
    const path = paths.partition('a', 0);
    await session.create(paths.topic('orders'), topicNode.encode(topicOf('orders', 'a')));
    await session.create(path, partitionNode.encode(stateOf(1)));
    await follow();

    await session.set(path, Buffer.from('garbage'), { version: 0 });
    await settle();
    const during = view.topic('orders')?.partitions[0]?.leaderEpoch;
    await session.set(path, partitionNode.encode(stateOf(2)), { version: 1 });
    await settle();

    expect(during).toBe(1);
    expect(view.topic('orders')?.partitions[0]?.leaderEpoch).toBe(2);
  });

  it('looks again later when a look failed', async () => {
    const { session, world, view, follow, end } = await followed();
    await session.create(paths.topic('orders'), topicNode.encode(topicOf('orders', 'a')));
    let failures = 2;
    const get = session.get.bind(session);
    session.get = (path) => (failures-- > 0 ? Promise.reject(new Error('lost')) : get(path));
    const following = follow();

    await world.clock.advance(5_000);
    await following;

    expect(view.topic('orders')?.id).toBe('a');
    end.abort();
    await settle();
    expect(world.clock.pending).toBe(0);
  });

  it('ends with the session', async () => {
    const { session, world, follow } = await followed();
    await follow();

    session.expire();
    await settle();

    expect(world.clock.pending).toBe(0);
    await expect(follow()).resolves.toBeUndefined();
  });
});
