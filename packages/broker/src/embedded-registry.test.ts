import { openLogDirectory } from '@millrace/log';
import { type MemoryFileSystem, memoryFileSystem } from '@millrace/runtime';
import { seededRandom, testWorld } from '@millrace/runtime/testing';
import { openEmbeddedRegistry } from './embedded-registry.ts';

async function openOn(files: MemoryFileSystem) {
  const world = testWorld(1, files);
  const logs = await openLogDirectory('/data', {}, world);
  const registry = await openEmbeddedRegistry(logs, world);
  return { world, logs, registry, session: registry.session() };
}

const value = (text: string) => Buffer.from(text);

describe('embedded registry', () => {
  it('has everything after a restart, but for what was ephemeral', async () => {
    const files = memoryFileSystem();
    const before = await openOn(files);
    await before.session.create('/topics/orders', value('first'));
    await before.session.set('/topics/orders', value('second'), { version: 0 });
    const { created } = await before.session.create('/brokers/1', value('here'), { ephemeral: true });
    await before.logs.close();

    const after = await openOn(files);
    const topic = await after.session.get('/topics/orders');
    const broker = await after.session.create('/brokers/1', value('again'), { ephemeral: true });

    expect(topic).toMatchObject({ version: 1 });
    expect(String(topic && Buffer.from(topic.data))).toBe('second');
    expect(broker.created).toBeGreaterThan(created);
    await after.logs.close();
  });

  it.each([1, 2, 3, 4, 5])('loses nothing that was answered in a power cut (seed %i)', async (seed) => {
    const files = memoryFileSystem();
    const { session } = await openOn(files);
    const answered: string[] = [];
    const running = Array.from({ length: 20 }, async (_, count) => {
      await session.create(`/topics/t${count}`, value('x'.repeat(count * 50)));
      answered.push(`t${count}`);
    });
    await Promise.race([Promise.all(running), new Promise((resolve) => setImmediate(resolve))]);
    const safe = [...answered];

    const after = await openOn(files.crash(seededRandom(seed)));

    expect(safe).not.toEqual([]);
    expect(await after.session.children('/topics')).toEqual(expect.arrayContaining(safe));
    await after.logs.close();
  });

  it('answers nothing that is not flushed', async () => {
    const files = memoryFileSystem();
    const { session, registry } = await openOn(files);
    await session.create('/topics/orders', value('safe'));
    files.failNext('sync', Object.assign(new Error('the disk is gone'), { code: 'EIO' }));

    const unsafe = session.create('/topics/payments', value('lost'));

    await expect(unsafe).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
    await expect(registry.open()).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
  });

  it('waits for room when the disk is full, and loses nothing', async () => {
    const files = memoryFileSystem();
    const { world, logs, registry, session } = await openOn(files);
    await session.create('/topics/before', value('safe'));
    for (let n = 0; n < 3; n += 1)
      files.failNext('append', Object.assign(new Error('no space left on device'), { code: 'ENOSPC' }));

    const waiting = ['a', 'b', 'c'].map((name) => session.create(`/topics/${name}`, value(name)));
    await world.clock.advance(400);
    const meanwhile = await registry.session().children('/topics');
    for (let attempt = 0; attempt < 4; attempt += 1) {
      await world.clock.advance(500);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await Promise.all(waiting);
    await logs.close();
    const after = await openOn(files);

    expect(meanwhile).toEqual(['before']);
    expect(await after.session.children('/topics')).toEqual(['a', 'b', 'before', 'c']);
    await after.logs.close();
  });

  it('does not wait for room once it is told that the broker stops', async () => {
    const files = memoryFileSystem();
    const { registry, session } = await openOn(files);
    files.failNext('append', Object.assign(new Error('no space left on device'), { code: 'ENOSPC' }));
    files.failNext('append', Object.assign(new Error('no space left on device'), { code: 'ENOSPC' }));
    const waiting = session.create('/topics/orders', value('x'));
    const refused = waiting.catch((error: unknown) => error);
    await new Promise((resolve) => setImmediate(resolve));

    registry.stopWaiting();

    expect(await refused).toMatchObject({ code: 'OUTCOME_UNKNOWN' });
  });

  it('puts a snapshot in the place of a history that has grown', async () => {
    const files = memoryFileSystem();
    await grow(files);

    const after = await openOn(files);
    const names = await after.logs.names();
    const size = after.logs.get('__registry.2')?.sizeInBytes;
    await after.session.create('/topics/later', value('later'));
    await after.logs.close();
    const again = await openOn(files);

    expect(names).toEqual(['__registry.2']);
    expect(size).toBeLessThan(50_000);
    expect(await again.session.get('/topics/orders')).toMatchObject({ version: 120 });
    expect(await again.session.children('/topics')).toEqual(['later', 'orders']);
    await again.logs.close();
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8])('can be cut short while it takes a snapshot (seed %i)', async (seed) => {
    const files = memoryFileSystem();
    await grow(files);
    const opening = openOn(files);
    for (let turn = 0; turn < seed; turn++) await new Promise((resolve) => setImmediate(resolve));
    const after = await openOn(files.crash(seededRandom(seed)));

    expect(await after.session.get('/topics/orders')).toMatchObject({ version: 120 });
    expect(await after.logs.names()).toHaveLength(1);
    await after.logs.close();
    await (await opening).logs.close();
  });

  it('says that its log cannot be read, and leaves it as it is', async () => {
    const files = memoryFileSystem();
    const logs = await openLogDirectory('/data', {}, testWorld(1, files));
    await (await logs.open('__registry.1')).append({ value: 'not a change' });
    await logs.close();

    await expect(openOn(files)).rejects.toMatchObject({ code: 'REGISTRY_DAMAGED' });

    const again = await openLogDirectory('/data', {}, testWorld(2, files.crash(seededRandom(1))));
    expect((await again.open('__registry.1')).endOffset).toBe(1);
    await again.close();
  });

  it('forgets a snapshot that was begun and not finished', async () => {
    const files = memoryFileSystem();
    await grow(files);
    const logs = await openLogDirectory('/data', {}, testWorld(1, files));
    await logs.open('__registry.2');
    await logs.close();

    const after = await openOn(files);

    expect(await after.session.get('/topics/orders')).toMatchObject({ version: 120 });
    expect(await after.logs.names()).toEqual(['__registry.2']);
    await after.logs.close();
  });

  it('forgets the log that a finished snapshot stands for', async () => {
    const files = memoryFileSystem();
    await grow(files);
    await (await openOn(files)).logs.close();
    const logs = await openLogDirectory('/data', {}, testWorld(1, files));
    const stale = await logs.open('__registry.1');
    await stale.append({ value: 'not a change' });
    await logs.close();

    const after = await openOn(files);

    expect(await after.session.get('/topics/orders')).toMatchObject({ version: 120 });
    expect(await after.logs.names()).toEqual(['__registry.2']);
    await after.logs.close();
  });
});

/** A history of more than a mebibyte about one node. */
async function grow(files: MemoryFileSystem): Promise<void> {
  const { logs, session } = await openOn(files);
  await session.create('/topics/orders', value(''));
  for (let version = 0; version < 120; version++) {
    await session.set('/topics/orders', value('x'.repeat(10_000)), { version });
  }
  await logs.close();
}
