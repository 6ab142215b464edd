import { type GroupMembership, registryGroups } from '@millrace/coordination';
import type { Connection } from '@millrace/protocol';
import { nodeWorld } from '@millrace/runtime/node';
import { type Broker, startBroker } from './start-broker.ts';

describe('the name of a group', () => {
  let broker: Broker;
  let connection: Connection;

  beforeEach(async () => {
    broker = await startBroker({}, nodeWorld);
    connection = await broker.connect({ nodeId: undefined, host: '', port: 0 });
    await connection.call('createTopics', { timeoutMs: 5_000, topics: [{ name: 'orders' }] });
  });
  afterEach(() => broker.stop());

  const join = (group: string): Promise<GroupMembership> =>
    registryGroups(broker.registry).join({
      group,
      topics: ['orders'],
      onRevoke: (claims) => Promise.resolve(claims.map(() => undefined)),
    });
  const commit = async (groupId: string) => {
    const partitions = [{ topic: 'orders', partition: 0, offset: 1 }];
    const answer = await connection.call('offsetCommit', { groupId, memberId: '', partitions });
    return answer.partitions[0];
  };

  it('is refused to a group of Kafka’s clients when one of our own has it, and says whose it is', async () => {
    const member = await join('taken');

    expect(await commit('taken')).toMatchObject({
      error: 'INCONSISTENT_GROUP_PROTOCOL',
      message: "group 'taken' is one of Millrace's own, kept in the registry",
    });
    const joined = await connection.call('joinGroup', {
      groupId: 'taken',
      memberId: '',
      protocolType: 'consumer',
      protocols: [{ name: 'range', metadata: Buffer.alloc(0) }],
      sessionTimeoutMs: 10_000,
      rebalanceTimeoutMs: 10_000,
    });
    expect(joined.error).toBe('INCONSISTENT_GROUP_PROTOCOL');
    await member.leave();
  });

  it('is refused to one of our own when Kafka’s clients have it, until they have given it up', async () => {
    await commit('taken');

    await expect(join('taken')).rejects.toMatchObject({
      code: 'OTHER_GROUP_KIND',
      message: "group 'taken' is one of Kafka's clients, kept by its coordinator",
    });
    await connection.call('deleteGroups', { groups: ['taken'] });

    const member = await join('taken');
    expect(await commit('taken')).toMatchObject({ error: 'INCONSISTENT_GROUP_PROTOCOL' });
    await member.leave();
  });

  it('belongs to one of them when both come at once', async () => {
    for (let round = 0; round < 20; round += 1) {
      const [own, classic] = await Promise.allSettled([join(`raced-${round}`), commit(`raced-${round}`)]);

      const isOwn = own.status === 'fulfilled';
      const isClassic = classic.status === 'fulfilled' && classic.value?.error === 'NONE';
      expect([isOwn, isClassic].filter(Boolean)).toHaveLength(1);
      if (isOwn) await own.value.leave();
    }
  });

  it('is listed with its kind, those of both kinds side by side', async () => {
    await commit('classic one');
    const member = await join('our own');

    const { groups } = await connection.call('listGroups', {});

    expect(groups).toEqual([
      { groupId: 'classic one', protocolType: '', state: 'empty', kind: 'classic' },
      { groupId: 'our own', protocolType: 'millrace', state: 'stable', kind: 'millrace' },
    ]);
    await member.leave();
  });
});
