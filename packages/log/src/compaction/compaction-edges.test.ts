import { CodedError, type FileSystem } from '@millrace/runtime';
import { type TestWorld, testWorld } from '@millrace/runtime/testing';
import type { Log } from '../log.ts';
import { openLog } from '../open-log.ts';
import { openLogDirectory } from '../open-log-directory.ts';
import { Segment } from '../segment.ts';
import { CleaningPass } from './cleaning-pass.ts';
import {
  append,
  compacted,
  contentOf,
  damage,
  directory,
  roll,
  segmentFiles,
} from './compaction-log.fixture.ts';

describe('a segment that cannot be read', () => {
  it('is left alone, with what a tombstone behind it deleted, until it can be read', async () => {
    const world = testWorld();
    const options = { ...compacted, deleteRetentionMs: 0 };
    let log = await openLog(directory, options, world);
    await append(log, `a=1 pad=${'.'.repeat(150)} a= b=1 b=2`);
    await roll(log);
    await log.close();
    await damage(world, '00000000000000000000.log', 150);
    log = await openLog(directory, options, world);

    const first = await log.compact();
    await log.compact();
    const content = await contentOf(log, 2);

    expect(first.leftAlone).toMatchObject([{ path: `${directory}/00000000000000000000.log` }]);
    expect([first.cleanedUpTo, first.recordsRemoved]).toEqual([0, 1]);
    expect(content).toEqual(['2:a=', '4:b=2']);
    await log.close();
    await damage(world, '00000000000000000000.log', 150);
    log = await openLog(directory, options, world);
    await log.compact();
    await world.clock.advance(1);
    await log.compact();
    expect(await contentOf(log)).toEqual([`1:pad=${'.'.repeat(150)}`, '4:b=2']);
    await log.close();
  });

  it('for want of a codec is left alone as one that is damaged is; a disk that fails is another matter', async () => {
    const world = testWorld();
    const file = await world.files.open('/segment', 'create');
    const segment = new Segment({ baseOffset: 0, path: '/segment', file, nextOffset: 10 });
    const next = new Segment({ baseOffset: 10, path: '/segment', file, nextOffset: 20 });
    const pass = new CleaningPass(
      {
        segments: [segment, next],
        from: 0,
        gapsBelow: 0,
        memoryBytes: 1000,
        now: 0,
        deleteRetentionMs: 0,
        producerBatches: new Set(),
        check: () => undefined,
      },
      world,
    );

    const forDisk = pass.leavesFor(segment, new CodedError('EIO', 'the disk'));
    const forCodec = pass.leavesFor(segment, new CodedError('COMPRESSION_UNAVAILABLE', 'snappy is missing'));

    expect([forDisk, forCodec]).toEqual([false, true]);
    expect([...pass.leftAlone]).toEqual([[segment, 'snappy is missing']]);
    expect([pass.tombstonesMayGo(segment), pass.tombstonesMayGo(next)]).toEqual([true, false]);
    expect(pass.cleanedUpTo).toBe(0);
  });

  it('in the middle of a group splits it', async () => {
    const world = testWorld();
    const log = await openLog(directory, { ...compacted, segmentBytes: 1000 }, world);
    log.configure({ segmentBytes: 150 });
    await append(log, 'a=1 b=1 a=2 b=2 a=3 b=3 a=4 b=4');
    await roll(log);
    log.configure({ segmentBytes: 1000 });
    const [, second = ''] = await segmentFiles(world);
    await damage(world, second, 100);

    const result = await log.compact();

    expect(result.leftAlone).toMatchObject([{ path: `${directory}/${second}` }]);
    expect(await segmentFiles(world)).toContain(second);
    expect(await contentOf(log, 4)).toEqual(['6:a=4', '7:b=4']);
    await log.close();
  });
});

describe('the gaps that compaction leaves', () => {
  /** Offsets 0 to 5, of which 1, 4 and 5 are left. */
  async function withGaps(world: TestWorld): Promise<void> {
    const log = await openLog(directory, { ...compacted, segmentBytes: 1000 }, world);
    await append(log, `a=1 z=1 a=2 a=3 b=1 a=4 roll=${'.'.repeat(900)} active=1`);
    await log.flush();
    await log.compact();
    expect(await contentOf(log)).toEqual(['1:z=1', '4:b=1', '5:a=4']);
    await log.close();
  }

  async function reopenedWithout(world: TestWorld, lost: RegExp): Promise<Log> {
    for (const name of await world.files.list(directory)) {
      if (lost.test(name)) await world.files.remove(`${directory}/${name}`);
    }
    return openLog(directory, { ...compacted, segmentBytes: 1000 }, world);
  }

  it('are no damage to an opening that verifies everything (KAFKA-905)', async () => {
    const world = testWorld();
    await withGaps(world);

    const log = await reopenedWithout(world, /index|recovery-point|clean-shutdown|snapshot/);

    expect(await contentOf(log)).toEqual(['1:z=1', '4:b=1', '5:a=4']);
    expect(log.endOffset).toBe(8);
    await log.close();
  });

  it('do not make a base offset believed that what follows contradicts', async () => {
    const world = testWorld();
    await withGaps(world);
    await damage(world, '00000000000000000000.log', 6);

    const log = await reopenedWithout(world, /index|recovery-point|clean-shutdown|snapshot/);

    await expect(contentOf(log)).rejects.toMatchObject({
      code: 'CORRUPT_MESSAGE',
      details: { nextOffset: 4 },
    });
    expect(await contentOf(log, 4)).toEqual(['4:b=1', '5:a=4']);
    await log.close();
  });

  it('are allowed everywhere when the cleaner checkpoint is damaged, and all is compacted anew', async () => {
    const world = testWorld();
    await withGaps(world);
    await damage(world, 'cleaner-offset-checkpoint', 2);

    const log = await reopenedWithout(world, /index|recovery-point|clean-shutdown/);

    expect(await contentOf(log)).toEqual(['1:z=1', '4:b=1', '5:a=4']);
    expect(await log.compact()).toMatchObject({ recordsKept: 4, recordsRemoved: 0, cleanedUpTo: 7 });
    await log.close();
  });
});

describe('a reader of a compacted log', () => {
  it('goes on with the range it holds, and the file stays until it lets go (KAFKA-727, 9196)', async () => {
    const world = testWorld();
    const log = await openLog(directory, compacted, world);
    await append(log, 'a=1 a=2 a=3');
    await roll(log);
    const slice = await log.read(0, { maxBytes: 1000 });
    const before = await slice.read(0, slice.byteLength);

    await log.compact();
    await log.close();

    expect(await slice.read(0, slice.byteLength)).toEqual(before);
    slice.release();
    await world.clock.advance(1);
    expect((await world.files.list(directory)).filter((name) => name.endsWith('.deleted'))).toEqual([]);
  });

  it('ends where the log ended when it began, though compaction has taken all up to there', async () => {
    const world = testWorld();
    const log = await openLog(directory, { ...compacted, segmentBytes: 1000 }, world);
    await append(log, 'z=1 a=1 a=2');
    const records = log.records()[Symbol.asyncIterator]();
    await append(log, `a=3 roll=${'.'.repeat(900)} active=1`);
    await log.flush();
    await log.compact();

    const seen: number[] = [];
    for (let next = await records.next(); next.done !== true; next = await records.next()) {
      seen.push(next.value.offset);
    }

    expect(seen).toEqual([0]);
    await log.close();
  });
});

describe('a compacted log by itself', () => {
  it('compacts some seconds after enough was sealed, and lets tombstones go when their time has come', async () => {
    const world = testWorld();
    const log = await openLog(directory, { ...compacted, deleteRetentionMs: 100_000 }, world);
    await append(log, 'a=1 a=2 b=1 b=');
    await roll(log);

    await world.clock.advance(16_000);
    const soon = await contentOf(log);
    await world.clock.advance(120_000);

    expect(soon).toEqual(['1:a=2', '3:b=']);
    expect(await contentOf(log)).toEqual(['1:a=2']);
    await log.close();
  });

  it('waits until so much is dirty, and begins when it is told to compact', async () => {
    const world = testWorld();
    const log = await openLog(directory, { ...compacted, cleanupPolicy: 'delete' }, world);
    await append(log, `a=1 pad=${'.'.repeat(1500)} a=2`);
    await roll(log);
    await world.clock.advance(16_000);
    const before = await contentOf(log);

    log.configure({ cleanupPolicy: 'compact' });
    await world.clock.advance(16_000);
    const after = await contentOf(log);
    await append(log, `b=1 b=2`);
    await roll(log);
    await world.clock.advance(16_000);

    expect([before.length, after.length]).toEqual([3, 2]);
    expect((await contentOf(log)).slice(-2)).toEqual(['5:b=1', '6:b=2']);
    await log.close();
  });

  it('waits for its turn among the logs of its directory: the memory of one run is enough', async () => {
    const world = testWorld();
    const underWay = new Set<string>();
    let most = 0;
    const files: FileSystem = {
      open: (path, mode) => {
        if (path.endsWith('.cleaned')) underWay.add(path);
        most = Math.max(most, underWay.size);
        return world.files.open(path, mode);
      },
      rename: async (from, to) => {
        // As long as a disk may take.
        if (underWay.has(from)) await world.clock.sleep(100);
        underWay.delete(from);
        return world.files.rename(from, to);
      },
      list: (path) => world.files.list(path),
      ensureDirectory: (path) => world.files.ensureDirectory(path),
      syncDirectory: (path) => world.files.syncDirectory(path),
      remove: (path) => world.files.remove(path),
      exists: (path) => world.files.exists(path),
      lock: (path, notes) => world.files.lock(path, notes),
    };
    const logs = await openLogDirectory('/data', compacted, { ...world, files });
    const names = ['a', 'b', 'c', 'd'];
    for (const name of names) {
      const log = await logs.open(name);
      await append(log, 'a=1 a=2');
      await roll(log);
    }

    await world.clock.advance(20_000);

    const contents = await Promise.all(names.map(async (name) => contentOf(await logs.open(name))));
    expect(contents).toEqual(names.map(() => ['1:a=2']));
    expect(most).toBe(1);
    await logs.close();
  });

  it('tries again when a run has failed (KAFKA-2235, 8335)', async () => {
    const world = testWorld();
    const log = await openLog(directory, compacted, world);
    await append(log, 'a=1 a=2');
    await roll(log);
    await world.clock.advance(2000);
    world.files.failNext('rename', Object.assign(new Error('no space left on device'), { code: 'ENOSPC' }));

    await world.clock.advance(14_000);
    const failed = await contentOf(log);
    await world.clock.advance(16_000);

    expect([failed.length, (await contentOf(log)).length]).toEqual([2, 1]);
    await log.close();
  });
});

describe('closing', () => {
  it('ends a compaction that is under way, without an error', async () => {
    const world = testWorld();
    let log = await openLog(directory, compacted, world);
    for (let n = 0; n < 50; n += 1) await append(log, `a=${n} b=${n}`);
    await roll(log);

    const running = log.compact();
    await log.close();

    expect(await running).toMatchObject({ cleanedUpTo: 0 });
    log = await openLog(directory, compacted, world);
    expect((await contentOf(log)).slice(-2)).toEqual(['98:a=49', '99:b=49']);
    await log.close();
  });
});
