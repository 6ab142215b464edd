import { type TestWorld, testWorld } from '@millrace/runtime/testing';
import { topicNode } from './cluster-nodes.ts';
import { deleteGroup, describeGroup, listGroups } from './group-description.ts';
import type { Claim, GroupMembership } from './groups.ts';
import { memoryRegistry } from './memory-registry.ts';
import { paths } from './paths.ts';
import { registryGroups } from './registry-groups.ts';

const world: TestWorld = testWorld();

/** A registry with topics of so many partitions, and members that join one after the other. */
function clusterWith(topics: { [name: string]: number }) {
  const registry = memoryRegistry(world);
  const session = registry.session();
  const createTopic = (name: string, partitions: number, id = `${name}-id`) =>
    session.create(
      paths.topic(name),
      topicNode.encode({
        id,
        name,
        replicas: Array.from({ length: partitions }, () => [1]),
        config: {},
        writer: 'test',
      }),
    );
  const join = async (group: string, wanted: readonly string[] | RegExp): Promise<GroupMembership> => {
    const member = await registryGroups(registry.open, world).join({
      group,
      topics: wanted,
      onRevoke: async (claims) => claims.map(() => undefined),
    });
    await world.clock.advance(1_000);
    return member;
  };
  const ready = Promise.all(Object.entries(topics).map(([name, count]) => createTopic(name, count)));
  return { session, createTopic, join, ready };
}

async function firstClaims(member: GroupMembership): Promise<readonly Claim[]> {
  for await (const claims of member.claims) return claims;
  return [];
}

describe('a group as it is described', () => {
  it('has its members, who owns what, and what was committed', async () => {
    const { session, join, ready } = clusterWith({ orders: 2 });
    await ready;
    const ann = await join('billing/eu', ['orders']);
    const [first] = await firstClaims(ann);
    await ann.commit(first === undefined ? [] : [{ claim: first, offset: 7 }]);

    const described = await describeGroup(session, 'billing/eu');

    const { memberId } = ann;
    expect(await listGroups(session)).toEqual(['billing/eu']);
    expect(described).toEqual({
      group: 'billing/eu',
      generation: 1,
      history: [{ generation: 1, cause: 'the group began', by: memberId, at: expect.any(Number) }],
      members: [memberId],
      isAssigned: true,
      partitions: [
        { topic: 'orders', partition: 0, member: memberId, owner: memberId, committed: 7 },
        { topic: 'orders', partition: 1, member: memberId, owner: memberId, committed: undefined },
      ],
    });
    await ann.leave();
  });

  it('is not assigned while a topic that it wants is not shared out, and is again afterwards', async () => {
    const { session, createTopic, join, ready } = clusterWith({ orders: 1, other: 1 });
    await ready;
    const ann = await join('g', /^(orders|payments)$/);

    const before = await describeGroup(session, 'g');
    await createTopic('payments', 1);
    const meanwhile = await describeGroup(session, 'g');
    await world.clock.advance(1_000);
    const after = await describeGroup(session, 'g');

    expect([before, meanwhile, after].map(({ isAssigned }) => isAssigned)).toEqual([true, false, true]);
    expect(after.partitions.map(({ topic }) => topic)).toEqual(['orders', 'payments']);
    await ann.leave();
  });

  it('is empty when nobody knows it', async () => {
    const { session } = clusterWith({});

    expect(await describeGroup(session, 'nobody')).toEqual({
      group: 'nobody',
      generation: 0,
      history: [],
      members: [],
      isAssigned: true,
      partitions: [],
    });
    expect(await listGroups(session)).toEqual([]);
  });
});

describe('deleting a group', () => {
  it('forgets all of it, once its members are gone', async () => {
    const { session, join, ready } = clusterWith({ orders: 1 });
    await ready;
    const ann = await join('g', ['orders']);
    await firstClaims(ann);

    const refused = deleteGroup(session, 'g');
    await expect(refused).rejects.toMatchObject({ code: 'NON_EMPTY_GROUP' });
    await ann.leave();
    await deleteGroup(session, 'g');
    await deleteGroup(session, 'g');

    expect(await listGroups(session)).toEqual([]);
    expect(await session.children('/groups')).toEqual([]);
  });
});
