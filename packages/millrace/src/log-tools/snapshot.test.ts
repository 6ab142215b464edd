import { inspectLog, openLogDirectory } from '@millrace/log';
import { batchOf } from '@millrace/log/testing';
import { testWorld } from '@millrace/runtime/testing';
import { exportLogs } from './export-logs.ts';
import { importLogs } from './import-logs.ts';
import { readFile, readLogs, treeOf, writeFile, writeLogs } from './log-tools.fixture.ts';

type TestWorld = ReturnType<typeof testWorld>;

async function exported(directory: string, world: TestWorld): Promise<Buffer> {
  const chunks: Buffer[] = [];
  await exportLogs(directory, (bytes) => void chunks.push(Buffer.from(bytes)), {}, world);
  return Buffer.concat(chunks);
}

async function* pieces(bytes: Buffer, pieceBytes = 1000): AsyncIterable<Buffer> {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
}

/** In order. */
function entryNames(tar: Buffer): string[] {
  const names: string[] = [];
  for (let at = 0; at < tar.length && tar[at] !== 0; ) {
    names.push(tar.toString('latin1', at, at + 100).replace(/\0.*$/s, ''));
    const bytes = Number.parseInt(tar.toString('latin1', at + 124, at + 136), 8);
    at += 512 + Math.ceil(bytes / 512) * 512;
  }
  return names;
}

describe('a snapshot of a data directory', () => {
  it('makes the same logs elsewhere, producers and epochs included', async () => {
    const [here, there] = [testWorld(1), testWorld(2)];
    await writeLogs('/data', { 'orders-0': 100, 'orders-1': 3, empty: 0 }, here);

    const tar = await exported('/data', here);
    await importLogs(pieces(tar), '/copy/data', {}, there);

    expect(await readLogs('/copy/data', there)).toEqual(await readLogs('/data', here));
    const [from, to] = [
      await inspectLog('/data/orders-0', {}, here),
      await inspectLog('/copy/data/orders-0', {}, there),
    ];
    expect(to.segments.map(({ baseOffset }) => baseOffset)).toEqual(
      from.segments.map(({ baseOffset }) => baseOffset),
    );
    expect([to.leaderEpochs, to.identity]).toEqual([from.leaderEpochs, 'id of orders-0']);
    const logs = await openLogDirectory('/copy/data', {}, there);
    const repeated = batchOf(['x'], { producer: { producerId: 9, producerEpoch: 0, baseSequence: 99 } });
    const log = await logs.open('orders-0');
    expect(await log.appendBatches(repeated, { leaderEpoch: 6 })).toMatchObject({
      duplicate: true,
      baseOffset: 99,
    });
    await logs.close();
  });

  it('is a plain tar that begins with its manifest', async () => {
    const world = testWorld();
    await writeLogs('/data', { a: 30, b: 1 }, world);

    const names = entryNames(await exported('/data', world));

    expect(names[0]).toBe('millrace-snapshot.json');
    expect(names).toContain('a/00000000000000000000.log');
    expect(names).toContain('b/log.metadata');
    expect(names.filter((name) => name.startsWith('a/') && name.endsWith('.log')).length).toBeGreaterThan(1);
    expect(names.some((name) => name.endsWith('.index'))).toBe(false);
  });

  it('keeps the gaps of a compacted log', async () => {
    const [here, there] = [testWorld(1), testWorld(2)];
    const options = { segmentBytes: 300, cleanupPolicy: 'compact' } as const;
    const logs = await openLogDirectory('/data', options, here);
    const log = await logs.open('a');
    for (let n = 0; n < 20; n++) await log.append({ key: `${n % 3}`, value: `${n}`.repeat(40) });
    await log.flush();
    expect((await log.compact()).recordsRemoved).toBeGreaterThan(10);
    const offsets = async (from: typeof log): Promise<number[]> => {
      const found = [];
      for await (const { offset } of from.records()) found.push(offset);
      return found;
    };
    const before = await offsets(log);
    await logs.close();

    await importLogs(pieces(await exported('/data', here)), '/copy', {}, there);

    const copy = await openLogDirectory('/copy', options, there);
    expect(await offsets(await copy.open('a'))).toEqual(before);
    await copy.close();
  });

  it('begins where the log begins, inside a segment or a batch', async () => {
    const [here, there] = [testWorld(1), testWorld(2)];
    await writeLogs('/data', { 'orders-0': 100 }, here);
    const logs = await openLogDirectory('/data', {}, here);
    const log = await logs.open('orders-0');
    await log.flush();
    await log.deleteBefore(42);
    await logs.close();

    await importLogs(pieces(await exported('/data', here)), '/copy/data', {}, there);

    const copies = await openLogDirectory('/copy/data', {}, there);
    const copy = await copies.open('orders-0');
    expect([copy.startOffset, copy.endOffset]).toEqual([42, 100]);
    await copies.close();
    expect((await inspectLog('/copy/data/orders-0', {}, there)).startOffset).toBe(42);
  });

  it('is refused when a log in use changes while it is read', async () => {
    const world = testWorld();
    await writeLogs('/data', { a: 100 }, world);
    const logs = await openLogDirectory('/data', {}, world);

    const refused = exportLogs(
      '/data',
      () => undefined,
      { onPlan: () => void world.files.remove('/data/a/00000000000000000000.log') },
      world,
    );

    await expect(refused).rejects.toMatchObject({ code: 'LOG_CHANGED', retriable: true });
    await logs.close();
  });

  it('of one log becomes a log', async () => {
    const [here, there] = [testWorld(1), testWorld(2)];
    await writeLogs('/data', { a: 30, b: 1 }, here);

    await importLogs(pieces(await exported('/data/a', here)), '/logs/a', {}, there);

    expect(await readLogs('/logs', there)).toEqual({ a: (await readLogs('/data', here))['a'] });
  });

  it('holds of logs that are in use what was flushed, and disturbs nobody', async () => {
    const [here, there] = [testWorld(1), testWorld(2)];
    const logs = await openLogDirectory('/data', {}, here);
    const log = await logs.open('a');
    for (let n = 0; n < 10; n++) await log.append({ value: `${n}` });
    await log.flush();
    await here.clock.advance(1000);
    await log.append({ value: 'not at the recovery point yet' });

    await importLogs(pieces(await exported('/data', here)), '/copy', {}, there);

    expect((await log.append({ value: 'goes on' })).baseOffset).toBe(11);
    await logs.close();
    const copy = await openLogDirectory('/copy', {}, there);
    expect((await copy.open('a')).endOffset).toBe(10);
    await copy.close();
  });

  it('of logs that nobody uses holds them whole, also after a crash', async () => {
    const [here, there] = [testWorld(1), testWorld(2)];
    await writeLogs('/data', { a: 5 }, here);
    const logs = await openLogDirectory('/data', {}, here);
    await (await logs.open('a')).append({ value: 'after the recovery point' });
    const files = here.files.crash(here.random);
    const crashed = { ...here, files };
    const { endOffset } = await inspectLog('/data/a', { checksums: true }, crashed);

    await importLogs(pieces(await exported('/data', crashed)), '/copy', {}, there);

    expect((await inspectLog('/copy/a', {}, there)).endOffset).toBe(endOffset);
    expect(await files.exists('/data/.lock')).toBe(false);
    await logs.close();
  });

  it('is refused of a log that is damaged, with file and position', async () => {
    const world = testWorld();
    await writeLogs('/data', { a: 20 }, world);
    const path = '/data/a/00000000000000000000.log';
    const bytes = await readFile(path, world);
    bytes.writeUInt8(bytes.readUInt8(500) ^ 1, 500);
    await writeFile(path, bytes, world);

    await expect(exported('/data', world)).rejects.toMatchObject({
      code: 'CORRUPT_MESSAGE',
      details: { file: path, position: expect.any(Number) },
    });
    expect(await world.files.exists('/data/.lock')).toBe(false);
  });
});

describe('an import', () => {
  it('overwrites nothing', async () => {
    const world = testWorld();
    await writeLogs('/data', { a: 5 }, world);
    const tar = await exported('/data', world);
    const before = await treeOf('/data', world);

    await expect(importLogs(pieces(tar), '/data', {}, world)).rejects.toMatchObject({
      code: 'ALREADY_THERE',
    });

    expect(await treeOf('/data', world)).toEqual(before);
  });

  it('takes an empty directory that is there', async () => {
    const world = testWorld();
    await writeLogs('/data', { a: 5 }, world);
    await world.files.ensureDirectory('/copy');

    await importLogs(pieces(await exported('/data', world)), '/copy', {}, world);

    expect(await readLogs('/copy', world)).toEqual(await readLogs('/data', world));
  });

  it('survives a power cut the moment it is done', async () => {
    const [here, there] = [testWorld(1), testWorld(2)];
    await writeLogs('/data', { a: 40, b: 2 }, here);
    const tar = await exported('/data', here);
    await there.files.ensureDirectory('/copy');
    await there.files.syncDirectory('/');
    await importLogs(pieces(tar), '/copy/data', {}, there);

    for (let seed = 0; seed < 20; seed++) {
      const files = there.files.crash(testWorld(seed).random);
      const host = { ...there.host, bootId: `boot ${seed}` };
      expect(await readLogs('/copy/data', { ...there, files, host })).toEqual(await readLogs('/data', here));
    }
  });

  it('leaves nothing behind of a snapshot that was cut, wherever', async () => {
    const [here, there] = [testWorld(1), testWorld(2)];
    await writeLogs('/data', { a: 30, b: 2 }, here);
    const tar = await exported('/data', here);
    const contentEnd = tar.findLastIndex((byte) => byte !== 0) + 1;
    await there.files.ensureDirectory('/copy');

    for (let bytes = 0; bytes < contentEnd; bytes += 97) {
      await expect(importLogs(pieces(tar.subarray(0, bytes)), '/copy/data', {}, there)).rejects.toMatchObject(
        {
          code: 'NOT_A_SNAPSHOT',
        },
      );
      expect(await there.files.list('/copy')).toEqual([]);
    }
  });

  it('keeps no damaged batch', async () => {
    const [here, there] = [testWorld(1), testWorld(2)];
    await writeLogs('/data', { a: 30 }, here);
    const tar = await exported('/data', here);
    const at = tar.indexOf('a 3....');
    await there.files.ensureDirectory('/copy');
    const damaged = Buffer.from(tar);
    damaged.writeUInt8(damaged.readUInt8(at) ^ 8, at);

    await expect(importLogs(pieces(damaged), '/copy/data', {}, there)).rejects.toMatchObject({
      code: 'CORRUPT_MESSAGE',
      message: expect.stringContaining('a/00000000000000000000.log is damaged at byte'),
    });

    expect(await there.files.list('/copy')).toEqual([]);
  });

  it('writes nowhere else, whatever a manifest names', async () => {
    const [here, there] = [testWorld(1), testWorld(2)];
    await writeLogs('/data', { evil_evil: 3 }, here);
    const tar = await exported('/data', here);
    const text = tar.toString('latin1').replaceAll('evil_evil', '../../evi');
    await there.files.ensureDirectory('/copy');

    await expect(
      importLogs(pieces(Buffer.from(text, 'latin1')), '/copy/data', {}, there),
    ).rejects.toMatchObject({ code: 'NOT_A_SNAPSHOT' });

    expect([...(await treeOf('/', there)).keys()]).toEqual([]);
  });

  it('refuses what is no tar, and an empty file', async () => {
    const world = testWorld();
    for (const bytes of [Buffer.alloc(0), Buffer.from('hello '.repeat(1000)), Buffer.alloc(10_240)])
      await expect(importLogs(pieces(bytes), '/copy', {}, world)).rejects.toMatchObject({
        code: 'NOT_A_SNAPSHOT',
      });
  });
});
