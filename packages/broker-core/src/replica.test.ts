import { memoryRegistry, paths } from '@millrace/coordination';
import { openLogDirectory } from '@millrace/log';
import { memoryFileSystem } from '@millrace/runtime';
import { type TestWorld, testWorld } from '@millrace/runtime/testing';
import { contextOf, createCore, createTopic, fetch, produce, startCore } from './testing/core-fixture.ts';

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A directory `orders-0` that belongs to a topic of another id, with a record. */
async function foreignLog(world: TestWorld, topicId: string): Promise<void> {
  const logs = await openLogDirectory('/data', {}, world);
  const log = await logs.open('orders-0', { identity: `${topicId}-0` });
  await log.append({ value: 'precious' });
  await logs.close();
}

describe('replica', () => {
  it('keeps a directory of another topic, stays offline and says so', async () => {
    const world = testWorld();
    await foreignLog(world, 'someone-else');
    const { core, logs, stop } = await startCore({ world });
    await core.api.createTopics(
      { timeoutMs: 1_000, topics: [{ name: 'orders', partitions: 2 }] },
      contextOf(),
    );

    const refused = await produce(core, ['a'], { partition: 0 });
    const other = await produce(core, ['a'], { partition: 1 });

    expect(refused).toMatchObject({
      error: 'STORAGE_ERROR',
      message: expect.stringContaining('someone-else') as string,
    });
    expect(other.error).toBe('NONE');
    expect((await logs.open('orders-0', { identity: 'someone-else-0' })).endOffset).toBe(1);
    await stop();
  });

  it('deletes a directory of another topic that is known to be deleted', async () => {
    const world = testWorld();
    const registry = memoryRegistry();
    await foreignLog(world, 'someone-else');
    await registry.session().create(paths.deletedTopic('someone-else'), Buffer.from('orders'));
    const { core, stop } = await startCore({ world, registry });

    await createTopic(core, 'orders');

    expect(await produce(core, ['a'])).toMatchObject({ error: 'NONE', baseOffset: 0 });
    expect((await fetch(core)).values).toEqual(['a']);
    await stop();
  });

  it('keeps and reports a directory that nobody claims when the registry has forgotten', async () => {
    const world = testWorld();
    const before = await startCore({ world });
    await createTopic(before.core, 'orders');
    await produce(before.core, ['precious']);
    await before.stop();
    const said: string[] = [];
    const warn = (_: object, message: string) => said.push(message);

    const after = await startCore({ world: { ...world, logger: { ...world.logger, warn } } });
    await settle();

    expect(await after.logs.names()).toEqual(['orders-0']);
    expect(said).toContain('kept a log that no partition of this broker claims');
    await after.stop();
  });

  it('does not lead a log that knows a later epoch than the registry', async () => {
    const world = testWorld();
    const registry = memoryRegistry();
    const before = await startCore({ world, registry });
    const topicId = await createTopic(before.core, 'orders');
    await before.stop();
    const logs = await openLogDirectory('/data', {}, world);
    await (await logs.open('orders-0', { identity: `${topicId}-0` })).startEpoch(50);
    await logs.close();

    const { core, stop } = await startCore({ world, registry });

    expect(await produce(core, ['a'])).toMatchObject({
      error: 'STORAGE_ERROR',
      message: expect.stringContaining('leader epoch 50') as string,
    });
    await stop();
  });

  it('tries again later when its log could not be opened', async () => {
    const files = memoryFileSystem();
    const world = testWorld(1, files);
    const { core, stop } = await startCore({ world });
    files.failNext('open', Object.assign(new Error('too many open files'), { code: 'EMFILE' }));
    await core.api.createTopics(
      { timeoutMs: 1_000, topics: [{ name: 'orders', partitions: 1 }] },
      contextOf(),
    );

    const offline = await produce(core, ['a']);
    await world.clock.advance(1_000);
    const online = await produce(core, ['a']);

    expect(offline).toMatchObject({ error: 'STORAGE_ERROR' });
    expect(online.error).toBe('NONE');
    await stop();
  });

  it('starts its epoch in the log before it takes anything, also when nothing follows', async () => {
    const world = testWorld();
    const registry = memoryRegistry();
    for (let round = 0; round < 3; round++) {
      const { core, stop } = await createCore({ world, registry });
      await core.start();
      if (round === 0) await createTopic(core, 'orders');
      await stop();
    }

    const { logs, core, stop } = await startCore({ world, registry });
    const metadata = await core.api.metadata({ topics: ['orders'] }, contextOf());

    const epoch = metadata.topics[0]?.partitions[0]?.leaderEpoch;
    expect(epoch).toBeGreaterThan(3);
    expect(logs.get('orders-0')?.latestLeaderEpoch).toBe(epoch);
    await stop();
  });
});
