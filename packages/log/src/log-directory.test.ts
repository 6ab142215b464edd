import { testWorld } from '@millrace/runtime/testing';
import { openLog, openLogDirectory } from './index.ts';
import { valuesOf } from './testing/log-fixtures.ts';

describe('a log directory', () => {
  it('opens a log once for a name, and lists what lies on disk', async () => {
    const world = testWorld();
    const logs = await openLogDirectory('/data', {}, world);
    const [a, again] = await Promise.all([logs.open('a'), logs.open('a')]);
    await logs.open('b-0');
    await (await world.files.open('/data/stray', 'create')).close();
    await world.files.ensureDirectory('/data/nothing-in-it');

    expect(again).toBe(a);
    expect(logs.get('a')).toBe(a);
    expect(logs.get('c')).toBeUndefined();
    expect(await logs.names()).toEqual(['a', 'b-0']);
    await logs.close();
  });

  it.each([
    '',
    '.',
    '..',
    'a/b',
    '../a',
    'a b',
    'ä',
    'x'.repeat(256),
    '.lock',
    `a.${'0'.repeat(8)}-0000-0000-0000-${'0'.repeat(12)}-delete`,
  ])('refuses the name %j', async (name) => {
    const logs = await openLogDirectory('/data', {}, testWorld());

    await expect(logs.open(name)).rejects.toMatchObject({ code: 'INVALID_NAME' });
    await expect(logs.delete(name)).rejects.toMatchObject({ code: 'INVALID_NAME' });
    await logs.close();
  });

  it('is locked against a second opening, which learns what the first says of itself', async () => {
    const world = testWorld();
    const logs = await openLogDirectory('/data', {}, world);
    await logs.annotateLock({ address: '127.0.0.1:9292' });

    await expect(openLogDirectory('/data', {}, world)).rejects.toMatchObject({
      code: 'LOCKED',
      details: { address: '127.0.0.1:9292' },
    });
    await logs.close();
    const next = await openLogDirectory('/data', {}, world);
    await next.close();
  });

  it('closes its logs cleanly', async () => {
    const world = testWorld();
    const logs = await openLogDirectory('/data', { segmentBytes: 200 }, world);
    const log = await logs.open('a', { identity: 'a-1' });
    for (let n = 0; n < 10; n++) await log.append({ value: `${n}` });
    await logs.close();

    const next = await openLogDirectory('/data', {}, world);
    const reopened = await next.open('a', { identity: 'a-1' });

    expect(await valuesOf(reopened)).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
    await expect(logs.open('a')).rejects.toMatchObject({ code: 'LOG_CLOSED' });
    await next.close();
  });

  it('opens a log again that its user closed', async () => {
    const logs = await openLogDirectory('/data', {}, testWorld());
    const log = await logs.open('a');
    await log.append({ value: 'x' });
    const closing = log.close();

    const again = await logs.open('a');

    await closing;
    expect(await valuesOf(again)).toEqual(['x']);
    expect(again).not.toBe(log);
    await logs.close();
  });

  it('deletes a log with all its files, and may begin another of the name', async () => {
    const world = testWorld();
    const logs = await openLogDirectory('/data', {}, world);
    const log = await logs.open('a', { identity: 'old' });
    await log.append({ value: 'x' });

    await logs.delete('a');

    expect(await world.files.list('/data')).toEqual(['.lock']);
    expect(logs.get('a')).toBeUndefined();
    await expect(logs.delete('a')).resolves.toBeUndefined();
    const next = await logs.open('a', { identity: 'new' });
    expect(next.endOffset).toBe(0);
    await logs.close();
  });

  it('finishes a deletion that was cut short', async () => {
    const world = testWorld();
    const doomed = '/data/a.3f2504e0-4f89-41d3-9a0c-0305e82c3301-delete';
    await world.files.ensureDirectory(doomed);
    await (await world.files.open(`${doomed}/00000000000000000000.log`, 'create')).close();

    const logs = await openLogDirectory('/data', {}, world);

    expect(await logs.names()).toEqual([]);
    expect(await world.files.exists(doomed)).toBe(false);
    await logs.close();
  });

  it('never opens a log for another identity than it began with', async () => {
    const world = testWorld();
    const logs = await openLogDirectory('/data', {}, world);
    await (await logs.open('a', { identity: 'id 1\n-0' })).close();
    await (await logs.open('b')).close();

    await expect(logs.open('a', { identity: 'id 2' })).rejects.toMatchObject({ code: 'FOREIGN_LOG' });
    await expect(logs.open('b', { identity: 'id 2' })).rejects.toMatchObject({ code: 'FOREIGN_LOG' });
    await expect(logs.open('a', { identity: 'id 1\n-0' })).resolves.toBeDefined();
    await logs.close();
  });

  it('does not hand out an open log under another identity', async () => {
    const logs = await openLogDirectory('/data', {}, testWorld());
    const mine = await logs.open('a', { identity: 'mine' });
    const nobodys = await logs.open('b');

    await expect(logs.open('a', { identity: 'other' })).rejects.toMatchObject({
      code: 'FOREIGN_LOG',
      details: { owner: 'mine', identity: 'other' },
    });
    await expect(logs.open('b', { identity: 'other' })).rejects.toMatchObject({ code: 'FOREIGN_LOG' });
    expect(await logs.open('a', { identity: 'mine' })).toBe(mine);
    expect(await logs.open('a')).toBe(mine);
    expect(await logs.open('b')).toBe(nobodys);
    expect((await mine.append({ value: 'still open' })).baseOffset).toBe(0);
    await logs.close();
  });

  it('says that an identity cannot be read', async () => {
    const world = testWorld();
    await world.files.ensureDirectory('/data/a');
    await (await world.files.open('/data/a/log.metadata', 'create')).close();
    const logs = await openLogDirectory('/data', {}, world);

    await expect(logs.open('a')).rejects.toMatchObject({ code: 'LOG_CORRUPT' });
    await logs.close();
  });

  it('leaves what it does not know alone', async () => {
    const world = testWorld();
    const log = await openLog('/data/log', {}, world);
    await (await world.files.open('/data/log/notes.txt', 'create')).close();
    await (await world.files.open('/data/log/99999999999999999999.log', 'create')).close();
    await log.close();

    const again = await openLog('/data/log', {}, world);

    const names = await world.files.list('/data/log');
    expect(names).toContain('notes.txt');
    expect(names).toContain('99999999999999999999.log');
    await again.close();
  });
});
