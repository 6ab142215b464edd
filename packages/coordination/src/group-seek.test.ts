import { testWorld } from '@millrace/runtime/testing';
import { topicNode } from './cluster-nodes.ts';
import { describeGroup } from './group-description.ts';
import { seekGroup } from './group-seek.ts';
import type { Claim } from './groups.ts';
import { memoryRegistry } from './memory-registry.ts';
import { paths } from './paths.ts';
import { registryGroups } from './registry-groups.ts';

async function clusterWithTopic() {
  const world = testWorld();
  const registry = memoryRegistry(world);
  const session = registry.session();
  const topic = { id: 'orders-id', name: 'orders', replicas: [[1], [1]], config: {}, writer: 'test' };
  await session.create(paths.topic('orders'), topicNode.encode(topic));
  return { world, registry, session };
}

describe('seekGroup', () => {
  it('fences a live owner, which goes on from there', async () => {
    const { world, registry, session } = await clusterWithTopic();
    const member = await registryGroups(registry.open, world).join({
      group: 'g',
      topics: ['orders'],
      onRevoke: async (claims) => claims.map(() => undefined),
    });
    const seen: (readonly Claim[])[] = [];
    const following = (async () => {
      for await (const claims of member.claims) seen.push(claims);
    })();
    await world.clock.advance(100);
    const [before] = seen.at(-1) ?? [];

    await seekGroup(session, 'g', [{ topic: 'orders', partition: 0, offset: 20 }], 'tool');
    await world.clock.advance(1_000);

    const after = seen.at(-1)?.find(({ partition }) => partition === 0);
    expect(before?.lost.aborted).toBe(true);
    expect(after).toMatchObject({ offset: 20 });
    const commits = await member.commit(before === undefined ? [] : [{ claim: before, offset: 99 }]);
    expect(commits).toEqual(['fenced']);
    await member.leave();
    await following;
  });

  it('says where a group begins that nobody has joined yet', async () => {
    const { world, registry, session } = await clusterWithTopic();
    await seekGroup(session, 'g', [{ topic: 'orders', partition: 1, offset: 7 }], 'tool');

    const member = await registryGroups(registry.open, world).join({
      group: 'g',
      topics: ['orders'],
      onRevoke: async (claims) => claims.map(() => undefined),
    });
    await world.clock.advance(100);

    const { partitions } = await describeGroup(session, 'g');
    expect(partitions.map(({ committed }) => committed)).toEqual([undefined, 7]);
    await member.leave();
  });

  it('names a topic that is not there', async () => {
    const { session } = await clusterWithTopic();

    await expect(
      seekGroup(session, 'g', [{ topic: 'payments', partition: 0, offset: 1 }], 'tool'),
    ).rejects.toMatchObject({ code: 'NODE_MISSING', message: 'there is no topic payments' });
  });
});
