import { memoryRegistry } from '@millrace/coordination';
import type { CallContext } from '@millrace/protocol';
import { contextOf, createCore, createTopic, startCore } from '../testing/core-fixture.ts';

describe('metadata', () => {
  it('names the brokers by the addresses of the listener that was asked', async () => {
    const registry = memoryRegistry();
    const one = await createCore({ nodeId: 1, registry });
    const two = await createCore({ nodeId: 2, registry });
    await one.core.start({ native: { host: 'one', port: 1 }, kafka: { host: '0.0.0.0', port: 2 } });
    await two.core.start({ native: { host: 'two', port: 1 } });
    const ask = async (listener: string, localAddress?: CallContext['localAddress']) => {
      const context = contextOf(undefined, listener);
      const answer = await one.core.api.metadata(
        { topics: [] },
        localAddress === undefined ? context : { ...context, localAddress },
      );
      return answer.brokers.map(({ nodeId, host, port }) => `${nodeId} ${host}:${port}`);
    };

    expect(await ask('native')).toEqual(['1 one:1', '2 two:1']);
    expect(await ask('native', { host: '10.0.0.1', port: 1 })).toEqual(['1 one:1', '2 two:1']);
    // Who listens everywhere is where the client found it.
    expect(await ask('kafka', { host: '10.0.0.1', port: 2 })).toEqual(['1 10.0.0.1:2']);
    expect(await ask('in-process')).toEqual(['1 in-process:0', '2 in-process:0']);
    await two.stop();
    await one.stop();
  });

  it('names a broker also while the last one leaves: Kafka’s clients give up where there is none', async () => {
    const { core, stop } = await startCore({});
    await core.api.metadata({ topics: [] }, contextOf());

    await stop();

    const { brokers } = await core.api.metadata({ topics: [] }, contextOf());
    expect(brokers).toMatchObject([{ nodeId: 1 }]);
  });

  it('tells once of a topic that is named often, by name or by id', async () => {
    const { core, stop } = await startCore({});
    await createTopic(core, 'orders');
    const [asked] = (await core.api.metadata({ topics: ['orders'] }, contextOf())).topics;
    const id = asked?.topicId ?? '';

    const { topics } = await core.api.metadata(
      { topics: ['orders', 'orders', 'none', 'none'], topicIds: [id, id] },
      contextOf(),
    );

    expect(topics.map(({ name, error }) => `${name} ${error}`)).toEqual([
      'orders NONE',
      'none UNKNOWN_TOPIC_OR_PARTITION',
      'orders NONE',
    ]);
    await stop();
  });

  it('names the controller and the cluster, the same from every broker', async () => {
    const registry = memoryRegistry();
    const one = await startCore({ nodeId: 1, registry });
    const two = await startCore({ nodeId: 2, registry });

    const fromOne = await one.core.api.metadata({ topics: [] }, contextOf());
    const fromTwo = await two.core.api.metadata({ topics: [] }, contextOf());

    expect(fromOne.controllerId).toBe(1);
    expect(fromTwo).toMatchObject({ controllerId: 1, clusterId: fromOne.clusterId });
    expect(fromOne.clusterId).not.toBe('');
    await two.stop();
    await one.stop();
  });

  it('says since when a broker is there, and since when a partition has its leader or none', async () => {
    const registry = memoryRegistry();
    const one = await startCore({ nodeId: 1, registry });
    const two = await startCore({ nodeId: 2, registry });
    await createTopic(one.core, 'orders', 2);
    await one.world.clock.advance(1_000);
    const ask = async () => {
      const { brokers, topics } = await one.core.api.metadata({}, contextOf());
      return { brokers, partitions: topics[0]?.partitions.map(({ leader, since }) => ({ leader, since })) };
    };

    const both = await ask();
    const lostAt = one.world.clock.now();
    two.cut();
    await one.world.clock.advance(5_000);
    const alone = await ask();

    const startedAt = lostAt - 1_000;
    expect(both.brokers).toMatchObject([{ nodeId: 1, since: startedAt }, { nodeId: 2 }]);
    expect(both.brokers[0]?.incarnation).toBeLessThan(both.brokers[1]?.incarnation ?? 0);
    expect(both.partitions).toEqual([
      { leader: 1, since: startedAt },
      { leader: 2, since: startedAt },
    ]);
    expect(alone.partitions).toEqual([{ leader: 1, since: startedAt }, { since: lostAt }]);
    await two.stop();
    await one.stop();
  });

  it('tells of all topics, or of those asked for', async () => {
    const { core, stop } = await startCore();
    await createTopic(core, 'orders', 2);
    await createTopic(core, 'payments');

    const all = await core.api.metadata({}, contextOf());
    const some = await core.api.metadata({ topics: ['payments', 'nothing'] }, contextOf());

    expect(all.topics.map(({ name, partitions }) => [name, partitions.length])).toEqual([
      ['orders', 2],
      ['payments', 1],
    ]);
    expect(some.topics).toMatchObject([
      {
        name: 'payments',
        error: 'NONE',
        partitions: [
          { partition: 0, error: 'NONE', leader: 1, leaderEpoch: 1, replicas: [1], inSyncReplicas: [1] },
        ],
      },
      { name: 'nothing', error: 'UNKNOWN_TOPIC_OR_PARTITION', partitions: [] },
    ]);
    await stop();
  });

  it('makes a topic that is asked for, once, when asked and allowed to', async () => {
    const { core, stop } = await startCore({ autoCreateTopics: { partitions: 3, replicas: 1 } });
    const ask = async (name: string, allowAutoCreate: boolean) =>
      (await core.api.metadata({ topics: [name], allowAutoCreate }, contextOf())).topics[0];

    const unasked = await ask('orders', false);
    const [made, again] = await Promise.all([ask('orders', true), ask('orders', true)]);
    const impossible = await ask('../orders', true);

    expect(unasked?.error).toBe('UNKNOWN_TOPIC_OR_PARTITION');
    expect(made).toMatchObject({ error: 'NONE', partitions: [{ leader: 1 }, { leader: 1 }, { leader: 1 }] });
    expect(again).toMatchObject({ error: 'NONE' });
    expect(again?.partitions).toHaveLength(3);
    expect(impossible?.error).toBe('INVALID_TOPIC_EXCEPTION');
    await stop();
  });

  it('makes none when the broker does not allow it', async () => {
    const { core, stop } = await startCore({ autoCreateTopics: false });

    const answer = await core.api.metadata({ topics: ['orders'], allowAutoCreate: true }, contextOf());

    expect(answer.topics).toMatchObject([{ error: 'UNKNOWN_TOPIC_OR_PARTITION' }]);
    await stop();
  });
});
