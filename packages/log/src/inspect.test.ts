import { join } from 'node:path';
import { type TestWorld, testWorld } from '@millrace/runtime/testing';
import { batchesOfSegment, inspectLog, type Log, logsIn, openLog, openLogDirectory } from './index.ts';
import { batchOf } from './testing/log-fixtures.ts';

const directory = '/data/log';
const options = { segmentBytes: 300, indexIntervalBytes: 80, identity: 'mine' };

async function write(log: Log): Promise<void> {
  for (let n = 0; n < 6; n++)
    await log.appendBatches(batchOf([`${n} a`, `${n} b`], { timestamp: 100 + n }), { leaderEpoch: n >> 1 });
}

async function bytesOfFile({ files }: TestWorld, path: string): Promise<Buffer> {
  const file = await files.open(path, 'read');
  const bytes = await file.read(0, await file.size());
  await file.close();
  return bytes;
}

async function replace({ files }: TestWorld, path: string, bytes: Buffer): Promise<void> {
  const file = await files.open(path, 'create');
  await file.append([bytes]);
  await file.close();
}

describe('an inspection of a log', () => {
  it.each([true, false])('says what there is (checksums: %p)', async (checksums) => {
    const world = testWorld();
    const log = await openLog(directory, options, world);
    await write(log);
    const { sizeInBytes } = log;
    await log.close();

    const found = await inspectLog(directory, { checksums }, world);

    expect(found).toMatchObject({
      identity: 'mine',
      startOffset: 0,
      endOffset: 12,
      recoveryPoint: 12,
      cleanShutdown: { endOffset: 12 },
      leaderEpochs: [
        { epoch: 0, startOffset: 0 },
        { epoch: 1, startOffset: 4 },
        { epoch: 2, startOffset: 8 },
      ],
    });
    expect(found.snapshots.at(-1)).toBe(12);
    expect(found.segments.length).toBeGreaterThan(1);
    expect(found.segments.reduce((sum, segment) => sum + segment.sizeInBytes, 0)).toBe(sizeInBytes);
    expect(found.segments.reduce((sum, segment) => sum + segment.records, 0)).toBe(12);
    expect(found.segments[0]).toMatchObject({
      baseOffset: 0,
      damage: [],
      torn: undefined,
      index: 2,
      timestamps: { smallest: 100 },
    });
    const batches = [];
    for (const segment of found.segments)
      for await (const { baseOffset } of batchesOfSegment(segment, world)) batches.push(baseOffset);
    expect(batches).toEqual([0, 2, 4, 6, 8, 10]);
  });

  it('needs no lock and changes nothing, also while the log is written', async () => {
    const world = testWorld();
    const log = await openLog(directory, options, world);
    await write(log);
    const before = await world.files.list(directory);

    const found = await inspectLog(directory, { checksums: true }, world);

    expect([found.endOffset, found.cleanShutdown]).toEqual([12, undefined]);
    expect(await world.files.list(directory)).toEqual(before);
    expect((await log.append({ value: 'more' })).baseOffset).toBe(12);
    await log.close();
  });

  it('finds a flipped bit with checksums, and serves what lies around it', async () => {
    const world = testWorld();
    const log = await openLog(directory, { ...options, segmentBytes: 10_000 }, world);
    await write(log);
    await log.close();
    const path = join(directory, '00000000000000000000.log');
    const bytes = await bytesOfFile(world, path);
    const batch = bytes.length / 6;
    bytes.writeUInt8(bytes.readUInt8(batch * 2 + 70) ^ 1, batch * 2 + 70);
    await replace(world, path, bytes);

    expect((await inspectLog(directory, {}, world)).segments[0]?.damage).toEqual([]);
    const found = await inspectLog(directory, { checksums: true }, world);

    expect(found.segments[0]?.damage).toEqual([
      { position: batch * 2, end: batch * 3, firstOffset: 4, nextOffset: 6 },
    ]);
    expect([found.endOffset, found.segments[0]?.records]).toEqual([12, 10]);
  });

  it.each([true, false])('tells a torn tail from damage (checksums: %p)', async (checksums) => {
    const world = testWorld();
    const log = await openLog(directory, { segmentBytes: 10_000 }, world);
    await write(log);
    await log.close();
    const path = join(directory, '00000000000000000000.log');
    const bytes = await bytesOfFile(world, path);
    await replace(world, path, bytes.subarray(0, -5));

    const found = await inspectLog(directory, { checksums }, world);

    const batch = bytes.length / 6;
    expect(found.endOffset).toBe(10);
    expect(found.segments[0]).toMatchObject({
      damage: [],
      torn: { position: batch * 5, bytes: batch - 5 },
      soundBytes: batch * 5,
    });
  });

  it('ends where it is told to', async () => {
    const world = testWorld();
    const log = await openLog(directory, options, world);
    await write(log);
    await log.close();

    const found = await inspectLog(directory, { upTo: 6 }, world);

    expect(found.endOffset).toBe(6);
    expect(found.segments.every((segment) => segment.torn === undefined)).toBe(true);
  });

  it('says what is wrong with an index', async () => {
    const world = testWorld();
    const log = await openLog(directory, options, world);
    await write(log);
    await log.close();
    await world.files.remove(join(directory, '00000000000000000000.index'));
    await replace(world, join(directory, '00000000000000000006.index'), Buffer.alloc(3));

    const { segments } = await inspectLog(directory, {}, world);

    expect(segments.map(({ index }) => index).slice(0, 2)).toEqual(['missing', 'wrong']);
  });

  it('stops with its signal', async () => {
    const world = testWorld();
    const log = await openLog(directory, options, world);
    await write(log);
    await log.close();

    await expect(inspectLog(directory, { signal: AbortSignal.abort() }, world)).rejects.toMatchObject({
      name: 'AbortError',
    });
  });
});

describe('the logs of a directory', () => {
  it('are found by name, without what is no log; a log alone is its own', async () => {
    const world = testWorld();
    const logs = await openLogDirectory('/data', {}, world);
    for (const name of ['b', 'a']) await (await logs.open(name)).append({ value: name });
    await logs.close();
    await world.files.ensureDirectory('/data/empty');
    await replace(world, '/data/note.txt', Buffer.from('x'));

    expect([...(await logsIn('/data', world))]).toEqual([
      ['a', '/data/a'],
      ['b', '/data/b'],
    ]);
    expect([...(await logsIn('/data/a', world))]).toEqual([['', '/data/a']]);
    await expect(logsIn('/nowhere', world)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
