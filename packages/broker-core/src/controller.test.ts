import {
  brokerNode,
  memoryRegistry,
  type PartitionNode,
  partitionNode,
  paths,
  type Registry,
  topicNode,
} from '@millrace/coordination';
import { testWorld } from '@millrace/runtime/testing';
import { createWriter } from './compare-and-set.ts';
import { Controller } from './controller.ts';
import { MetadataFollower } from './metadata-follower.ts';
import { MetadataView } from './metadata-view.ts';

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A controller alone: no partitions, no logs. */
async function controllerOf(nodeId: number, registry: Registry) {
  const world = testWorld(nodeId);
  const view = new MetadataView();
  const controller = new Controller({ nodeId, view, writer: createWriter(nodeId, world.random) }, world);
  view.listen(controller);
  const end = new AbortController();
  const standing = controller.stand(registry, end.signal);
  await new MetadataFollower(view, registry, end.signal, world).follow();
  const stop = async () => {
    end.abort();
    await standing;
  };
  return { view, stop };
}

async function addBroker(registry: Registry, nodeId: number): Promise<number> {
  const data = brokerNode.encode({ nodeId, endpoints: {} });
  return (await registry.create(paths.broker(nodeId), data, { ephemeral: true })).created;
}

async function addTopic(registry: Registry, name: string, replicas: number[][]): Promise<void> {
  const node = { id: `id-${name}`, name, replicas, config: {}, writer: 'test' };
  await registry.create(paths.topic(name), topicNode.encode(node));
}

async function stateOf(registry: Registry, topicId: string, index = 0): Promise<PartitionNode | undefined> {
  const path = paths.partition(topicId, index);
  const found = await registry.get(path);
  return found && partitionNode.decode(found.data, path);
}

describe('controller', () => {
  it('gives new partitions a leader as soon as a replica lives', async () => {
    const registry = memoryRegistry();
    const session = registry.session();
    const controller = await controllerOf(1, session);
    await addTopic(session, 'orders', [[1], [2]]);
    await settle();
    const before = await stateOf(session, 'id-orders', 1);

    const incarnation = await addBroker(registry.session(), 2);
    await settle();

    expect(before?.leader).toBeUndefined();
    expect(await stateOf(session, 'id-orders', 1)).toMatchObject({
      leader: 2,
      leaderIncarnation: incarnation,
      leaderEpoch: 1,
    });
    expect((await stateOf(session, 'id-orders', 0))?.leader).toBeUndefined();
    await controller.stop();
  });

  it('takes the leadership from who is gone and gives it back under another epoch', async () => {
    const registry = memoryRegistry();
    const session = registry.session();
    const broker = registry.session();
    await addBroker(broker, 2);
    const controller = await controllerOf(1, session);
    await addTopic(session, 'orders', [[2]]);
    await settle();

    broker.expire();
    await settle();
    const without = await stateOf(session, 'id-orders');
    const incarnation = await addBroker(registry.session(), 2);
    await settle();

    expect(without?.leader).toBeUndefined();
    expect(without?.leaderEpoch).toBe(2);
    expect(await stateOf(session, 'id-orders')).toMatchObject({
      leader: 2,
      leaderIncarnation: incarnation,
      leaderEpoch: 3,
    });
    await controller.stop();
  });

  it('finds what happened while nobody was in office', async () => {
    const registry = memoryRegistry();
    const session = registry.session();
    await addBroker(registry.session(), 2);
    for (let count = 0; count < 200; count++) await addTopic(session, `topic-${count}`, [[2]]);

    const controller = await controllerOf(1, session);
    await settle();

    for (let count = 0; count < 200; count++) {
      expect(await stateOf(session, `id-topic-${count}`)).toMatchObject({ leader: 2, leaderEpoch: 1 });
    }
    await controller.stop();
  });

  it('leaves a partition alone that a later controller has decided upon', async () => {
    const registry = memoryRegistry();
    const session = registry.session();
    await addBroker(registry.session(), 2);
    const controller = await controllerOf(1, session);
    const later: PartitionNode = {
      leaderEpoch: 7,
      inSync: [{ nodeId: 2, incarnation: 0 }],
      writer: 'controller 999999 2/later/1',
    };
    await session.create(paths.partition('id-orders', 0), partitionNode.encode(later));

    await addTopic(session, 'orders', [[2]]);
    await settle();

    expect(await stateOf(session, 'id-orders')).toEqual(later);
    await controller.stop();
  });

  it('decides nothing while another holds the office, and everything once that one is gone', async () => {
    const registry = memoryRegistry();
    const first = registry.session();
    await addBroker(registry.session(), 2);
    const one = await controllerOf(1, first);
    const second = registry.session();
    const two = await controllerOf(2, second);

    expect([one.view.controllerId, two.view.controllerId]).toEqual([1, 1]);
    first.expire();
    await settle();
    await addTopic(second, 'orders', [[2]]);
    await settle();

    expect(two.view.controllerId).toBe(2);
    expect(await stateOf(second, 'id-orders')).toMatchObject({ leader: 2, leaderEpoch: 1 });
    await one.stop();
    await two.stop();
  });

  it('changes leader and epoch only, and copies the in-sync set as it reads it', async () => {
    const registry = memoryRegistry();
    const session = registry.session();
    const inSync = [
      { nodeId: 2, incarnation: 11 },
      { nodeId: 3, incarnation: 12 },
    ];
    await addTopic(session, 'orders', [[2, 3]]);
    await session.create(
      paths.partition('id-orders', 0),
      partitionNode.encode({ leaderEpoch: 3, inSync, writer: 'leader' }),
    );
    const incarnation = await addBroker(registry.session(), 3);

    const controller = await controllerOf(1, session);
    await settle();

    expect(await stateOf(session, 'id-orders')).toMatchObject({
      leader: 3,
      leaderIncarnation: incarnation,
      leaderEpoch: 4,
      inSync,
    });
    await controller.stop();
  });

  it('removes the states of a deleted topic', async () => {
    const registry = memoryRegistry();
    const session = registry.session();
    await addBroker(registry.session(), 2);
    const controller = await controllerOf(1, session);
    await addTopic(session, 'orders', [[2], [2], [2]]);
    await settle();
    const before = await session.children(paths.partitions('id-orders'));

    const path = paths.topic('orders');
    const node = controller.view.topic('orders')?.node;
    if (node === undefined) throw new Error('the topic was not seen');
    await session.set(path, topicNode.encode({ ...node, deleted: true }), { version: 0 });
    await settle();

    expect(before).toEqual(['0', '1', '2']);
    expect(await session.get(paths.partitions('id-orders'))).toBeUndefined();
    expect(await session.get(path)).toBeDefined();
    await controller.stop();
  });

  it('is not held up by a node that cannot be read', async () => {
    const registry = memoryRegistry();
    const session = registry.session();
    await addBroker(registry.session(), 2);
    const controller = await controllerOf(1, session);

    await session.create(paths.topic('broken'), Buffer.from('{'));
    await addTopic(session, 'odd', [[2]]);
    await session.create(paths.partition('id-odd', 0), Buffer.from('garbage')).catch(() => {}); // the controller was faster
    await addTopic(session, 'orders', [[2]]);
    await settle();

    expect(await stateOf(session, 'id-orders')).toMatchObject({ leader: 2 });
    expect(controller.view.topic('broken')).toBeUndefined();
    await controller.stop();
  });
});
