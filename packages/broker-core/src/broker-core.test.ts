import { memoryRegistry } from '@millrace/coordination';
import { seededRandom, testWorld } from '@millrace/runtime/testing';
import {
  type CoreFixture,
  contextOf,
  createCore,
  createTopic,
  fetch,
  produce,
  startCore,
} from './testing/core-fixture.ts';

/** Lets everything happen that needs no time. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function leadersOf({ core }: CoreFixture, topic = 'orders') {
  const answer = await core.api.metadata({ topics: [topic] }, contextOf());
  return answer.topics[0]?.partitions.map(({ leader }) => leader);
}

async function createTopicsDuring(core: CoreFixture['core']) {
  const answer = await core.api.createTopics(
    { timeoutMs: 1_000, topics: [{ name: 'payments' }] },
    contextOf(),
  );
  return answer.topics[0]?.error;
}

describe('broker core', () => {
  it('takes records and gives them back', async () => {
    const { core, stop } = await startCore();
    await createTopic(core, 'orders', 2);

    const produced = await produce(core, ['first', 'second'], { partition: 1 });
    const fetched = await fetch(core, { partition: 1 });

    expect(produced).toMatchObject({ error: 'NONE', baseOffset: 0 });
    expect(fetched).toMatchObject({ error: 'NONE', highWatermark: 2, values: ['first', 'second'] });
    await stop();
  });

  it('has everything after a restart, under another leader epoch', async () => {
    const world = testWorld();
    const registry = memoryRegistry();
    const before = await startCore({ world, registry });
    await createTopic(before.core, 'orders', 12);
    for (let partition = 0; partition < 12; partition++)
      await produce(before.core, ['a', 'b'], { partition });
    await before.stop();

    const after = await startCore({ world, registry });

    for (let partition = 0; partition < 12; partition++) {
      expect((await fetch(after.core, { partition })).values).toEqual(['a', 'b']);
    }
    expect((await fetch(after.core, { currentLeaderEpoch: 1 })).error).toBe('FENCED_LEADER_EPOCH');
    expect(await produce(after.core, ['c'])).toMatchObject({ error: 'NONE', baseOffset: 2 });
    await after.stop();
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'loses nothing that was acknowledged under acks all in a power cut (seed %i)',
    async (seed) => {
      const world = testWorld(seed);
      const registry = memoryRegistry();
      const before = await startCore({ world, registry });
      await createTopic(before.core, 'orders');
      const acknowledged: string[] = [];
      const running = Array.from({ length: 40 }, async (_, count) => {
        const value = `value ${count} ${'x'.repeat(count * 20)}`;
        const acks = count % 3 === 0 ? 'leader' : 'all';
        const answer = await produce(before.core, [value], { acks });
        if (answer.error === 'NONE' && acks === 'all') acknowledged.push(value);
      });
      await Promise.race([Promise.all(running), settle()]);
      const files = world.files.crash(seededRandom(seed));
      const safe = [...acknowledged];
      expect(safe).not.toEqual([]);
      before.cut();

      const after = await startCore({ world: testWorld(seed + 1_000, files), registry });
      const { values, error } = await fetch(after.core, { maxBytes: 10_000_000 });

      expect(error).toBe('NONE');
      expect(values).toEqual(expect.arrayContaining(safe));
      expect(await produce(after.core, ['next'])).toMatchObject({ error: 'NONE', baseOffset: values.length });
      await after.stop();
      await before.stop();
    },
  );

  it('leads nothing once its session has expired, and goes on under a new one (KAFKA-1029, 1451)', async () => {
    const { core, world, cut, mend, stop } = await startCore();
    await createTopic(core, 'orders', 20);
    await produce(core, ['a']);

    cut();
    await settle();
    const during = await produce(core, ['b']);
    const topics = await createTopicsDuring(core);
    mend();
    await world.clock.advance(1_000);
    const after = await produce(core, ['c']);

    expect(during.error).toBe('NOT_LEADER_OR_FOLLOWER');
    expect(topics).toBe('COORDINATOR_NOT_AVAILABLE');
    expect(after).toMatchObject({ error: 'NONE', baseOffset: 1 });
    expect((await fetch(core, { currentLeaderEpoch: 1 })).error).toBe('FENCED_LEADER_EPOCH');
    expect((await fetch(core)).values).toEqual(['a', 'c']);
    await stop();
  });

  it('survives the end of many sessions', async () => {
    const { core, sessions, stop } = await startCore();
    await createTopic(core, 'orders');

    for (let round = 0; round < 20; round++) {
      sessions.at(-1)?.expire();
      if (round % 3 === 0) await settle();
    }
    await settle();
    await settle();

    expect((await produce(core, ['a'])).error).toBe('NONE');
    await stop();
  });

  it('refuses a node id that another broker has, or has left behind, and says who (KAFKA-1387, 4229, 7165)', async () => {
    const registry = memoryRegistry();
    const first = await createCore({ registry });
    await first.core.start({ native: { host: 'one.example', port: 9292 } });
    const second = await createCore({ registry });

    await expect(second.core.start()).rejects.toMatchObject({
      code: 'NODE_ID_TAKEN',
      message: 'node id 1 is taken by a broker at one.example:9292 (host test-host, pid 4711)',
      details: { nodeId: 1, host: 'test-host', pid: 4711 },
    });

    await second.stop();
    expect((await first.core.api.metadata({}, contextOf())).brokers).toHaveLength(1);
    await first.stop();
  });

  it('answers what is parked when it stops, acknowledges what it flushed, and leaves', async () => {
    const registry = memoryRegistry();
    const { core, world, logs } = await startCore({ registry, log: { flush: { everyMs: 60_000 } } });
    await createTopic(core, 'orders');
    const parked = fetch(core, { maxWaitMs: 60_000 });
    const produced = produce(core, ['a'], { acks: 'all' });

    await core.stop();
    await core.stop();
    const late = await produce(core, ['b']);

    expect(await produced).toMatchObject({ error: 'NONE', baseOffset: 0 });
    expect(['NONE', 'NOT_LEADER_OR_FOLLOWER']).toContain((await parked).error);
    expect(late.error).toBe('NOT_LEADER_OR_FOLLOWER');
    expect(await registry.session().children('/brokers')).toEqual([]);
    expect(await registry.session().get('/controller')).toBeUndefined();
    await logs.close();
    expect(world.clock.pending).toBe(0);
  });

  it('cannot be started again once stopped', async () => {
    const { core, logs } = await createCore();
    await core.stop();

    await expect(core.start()).rejects.toMatchObject({ code: 'BROKER_STOPPED' });
    await logs.close();
  });
});

describe('a cluster of three', () => {
  async function threeBrokers() {
    const registry = memoryRegistry();
    const brokers = [
      await startCore({ nodeId: 1, registry }),
      await startCore({ nodeId: 2, registry }),
      await startCore({ nodeId: 3, registry }),
    ] as const;
    await settle();
    const stop = async () => {
      for (const broker of brokers) await broker.stop();
    };
    return { registry, brokers, stop };
  }

  it('spreads partitions, and each broker sends those who ask to the leader', async () => {
    const { brokers, stop } = await threeBrokers();
    await createTopic(brokers[1].core, 'orders', 6);
    await settle();

    for (const broker of brokers) {
      const { core } = broker;
      const answers = await Promise.all(
        [0, 1, 2, 3, 4, 5].map((partition) => produce(core, ['a'], { partition })),
      );

      expect(await leadersOf(broker)).toEqual([1, 2, 3, 1, 2, 3]);
      expect(answers.map(({ error, message }) => message ?? error)).toEqual(
        [1, 2, 3, 1, 2, 3].map((leader, partition) =>
          leader === core.nodeId
            ? 'NONE'
            : `orders-${partition} is led by broker ${leader}, this is broker ${core.nodeId}`,
        ),
      );
    }
    await stop();
  });

  it('goes on when one dies, whose partitions wait for it', async () => {
    const { registry, brokers, stop } = await threeBrokers();
    const [one, two, three] = brokers;
    await createTopic(three.core, 'orders', 3);
    await settle();
    await produce(one.core, ['a'], { partition: 0 });

    await one.core.stop();
    await settle();
    const leadersWithout = await leadersOf(two);
    const unled = await produce(two.core, ['b'], { partition: 0 });
    const others = await produce(two.core, ['c'], { partition: 1 });
    await one.logs.close();
    const again = await startCore({ nodeId: 1, registry, world: one.world });
    await settle();

    expect(leadersWithout).toEqual([undefined, 2, 3]);
    expect(unled.error).toBe('LEADER_NOT_AVAILABLE');
    expect(others.error).toBe('NONE');
    expect(await leadersOf(two)).toEqual([1, 2, 3]);
    expect((await fetch(again.core, { partition: 0 })).values).toEqual(['a']);
    await again.stop();
    await stop();
  });

  it('elects another controller, which gives leaders to what is new', async () => {
    const { brokers, stop } = await threeBrokers();
    const [one, two] = brokers;

    one.sessions.at(-1)?.expire();
    await settle();
    await settle();
    await createTopic(two.core, 'orders', 6);

    const metadata = await two.core.api.metadata({ topics: ['orders'] }, contextOf());
    expect(metadata.controllerId).not.toBeUndefined();
    expect(metadata.topics[0]?.partitions.every(({ error }) => error === 'NONE')).toBe(true);
    await stop();
  });

  it('deletes the logs of a topic on every broker, also on one that was away', async () => {
    const { registry, brokers, stop } = await threeBrokers();
    const [one, two, three] = brokers;
    await createTopic(two.core, 'orders', 3);
    await settle();
    await one.stop();

    await two.core.api.deleteTopics({ timeoutMs: 1_000, topics: [{ name: 'orders' }] }, contextOf());
    await settle();
    await createTopic(two.core, 'orders', 2);
    await settle();
    const again = await startCore({ nodeId: 1, registry, world: one.world });
    await createTopic(two.core, 'payments', 3);
    await settle();

    expect(await three.logs.names()).not.toContain('orders-2');
    expect(await again.logs.names()).not.toContain('orders-0');
    await again.stop();
    await stop();
  });
});
