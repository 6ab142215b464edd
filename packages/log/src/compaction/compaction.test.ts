import { BatchBuilder, batchesIn, crc32c, recordsIn } from '@millrace/record';
import { CodedError } from '@millrace/runtime';
import { type TestWorld, testWorld } from '@millrace/runtime/testing';
import type { Log, LogOptions } from '../log.ts';
import { openLog } from '../open-log.ts';
import { Segment } from '../segment.ts';
import { batchOf, bytesOf } from '../testing/log-fixtures.ts';
import { CleaningPass } from './cleaning-pass.ts';

const directory = '/data/log';
const compacted: LogOptions = { cleanupPolicy: 'compact', segmentBytes: 300, indexIntervalBytes: 0 };

/** `a=1 b=2` appends two records one by one; `a=` is a tombstone. */
async function append(log: Log, records: string): Promise<void> {
  for (const [key, value] of records.split(' ').map((record) => record.split('='))) {
    await log.append({ key: key ?? '', value: value === '' || value === undefined ? null : value });
  }
}

/** Fills the active segment up, so that all before it may be compacted. */
async function roll(log: Log): Promise<void> {
  await append(log, `roll=${'.'.repeat(280)} active=1`);
  await log.flush();
}

/** `offset:key=value` of each record. */
async function contentOf(log: Log, from = 0): Promise<string[]> {
  const content: string[] = [];
  for await (const { offset, key, value } of log.records({ from })) {
    if (String(key) !== 'roll' && String(key) !== 'active')
      content.push(`${offset}:${key?.toString() ?? 'null'}=${value?.toString() ?? ''}`);
  }
  return content;
}

async function damage(world: TestWorld, name: string, at: number): Promise<void> {
  const path = `${directory}/${name}`;
  const file = await world.files.open(path, 'append');
  const bytes = await file.read(0, await file.size());
  bytes[at] = (bytes[at] as number) ^ 1;
  await file.truncate(0);
  await file.append([bytes]);
  await file.sync();
  await file.close();
}

function withChecksum(batch: Buffer): Buffer {
  batch.writeUInt32BE(crc32c(batch, 21, batch.length), 17);
  return batch;
}

function segmentFiles(world: TestWorld): Promise<string[]> {
  return world.files.list(directory).then((names) => names.filter((name) => name.endsWith('.log')));
}

describe('compaction', () => {
  it('keeps of each key the newest record, at its offset, and says what it did', async () => {
    const world = testWorld();
    const log = await openLog(directory, compacted, world);
    await append(log, 'a=1 b=1 a=2 c=1 b=2 a=3');
    await roll(log);
    const { sizeInBytes } = log;

    const result = await log.compact();

    expect(await contentOf(log)).toEqual(['3:c=1', '4:b=2', '5:a=3']);
    expect(result).toMatchObject({ recordsRemoved: 3, recordsKept: 4, cleanedUpTo: 7, leftAlone: [] });
    expect(result.bytesBefore - result.bytesAfter).toBe(sizeInBytes - log.sizeInBytes);
    await log.close();
  });

  it('never touches the active segment', async () => {
    const world = testWorld();
    const log = await openLog(directory, { ...compacted, segmentBytes: 100_000 }, world);
    await append(log, 'a=1 a=2 a=3');
    await log.flush();

    const result = await log.compact();

    expect(result).toMatchObject({ bytesBefore: 0, recordsRemoved: 0, cleanedUpTo: 0 });
    expect(await contentOf(log)).toHaveLength(3);
    await log.close();
  });

  it('merges small segments into one, and reads go from any offset to the next record that is left', async () => {
    const world = testWorld();
    const log = await openLog(directory, compacted, world);
    for (let n = 0; n < 10; n += 1) await append(log, `a=${n} b=${n} c=${n}`);
    await roll(log);
    const before = (await segmentFiles(world)).length;

    await log.compact();

    expect(before).toBeGreaterThan(8);
    expect(await segmentFiles(world)).toHaveLength(3);
    for (let from = 0; from < 28; from += 1) {
      const [first] = batchesIn(await bytesOf(log, from, 1));
      const [record] = recordsIn(await bytesOf(log, from, 1), { from });
      expect(first?.header.lastOffset).toBeGreaterThanOrEqual(from);
      expect(record?.offset ?? 27).toBe(27);
    }
    await log.close();
  });

  it('keeps a tombstone until the delete horizon has passed, also across an opening (KIP-534)', async () => {
    const world = testWorld();
    const options = { ...compacted, deleteRetentionMs: 1000 };
    let log = await openLog(directory, options, world);
    await append(log, 'a=1 b=1 a=');
    await roll(log);

    await log.compact();
    await world.clock.advance(999);
    await log.compact();
    const before = await contentOf(log);
    await log.close();
    log = await openLog(directory, options, world);
    await world.clock.advance(1);
    await log.compact();

    expect(before).toEqual(['1:b=1', '2:a=']);
    expect(await contentOf(log)).toEqual(['1:b=1']);
    await log.close();
  });

  it('merges no segments whose offsets are too far apart for an index (KAFKA-6264)', async () => {
    const world = testWorld();
    const log = await openLog(directory, { ...compacted, segmentBytes: 10_000 }, world);
    for (const value of ['1', '2', '3']) {
      const batch = batchOf([{ key: `far ${value}`, value }]);
      batch.writeInt32BE(1_500_000_000, 23);
      await log.appendBatches(withChecksum(batch), { leaderEpoch: 0 });
      await append(log, 'a=1');
    }
    log.configure({ segmentBytes: 100 });
    await append(log, 'a=2');
    await roll(log);
    log.configure({ segmentBytes: 10_000 });
    const files = await segmentFiles(world);

    const { recordsRemoved } = await log.compact();

    expect(recordsRemoved).toBe(3);
    expect((await segmentFiles(world)).slice(0, 3)).toEqual(files.slice(0, 3));
    expect(await contentOf(log)).toEqual([
      '0:far 1=1',
      '1500000002:far 2=2',
      '3000000004:far 3=3',
      '4500000006:a=2',
    ]);
    await log.close();
  });

  it('does nothing the second time, and goes through nothing', async () => {
    const world = testWorld();
    const log = await openLog(directory, compacted, world);
    await append(log, 'a=1 a=2 b=');
    await roll(log);
    await log.compact();
    const content = await contentOf(log);

    const again = await log.compact();

    expect(again).toMatchObject({ recordsKept: 0, recordsRemoved: 0, bytesBefore: again.bytesAfter });
    expect(await contentOf(log)).toEqual(content);
    await log.close();
  });

  it('refuses records without a key at append, and keeps those that came in batches', async () => {
    const world = testWorld();
    const log = await openLog(directory, compacted, world);
    await log.appendBatches(batchOf([{ value: 'x' }, { value: 'y' }, { value: null }]), { leaderEpoch: 0 });

    const refused = log.append([{ key: 'a', value: '1' }, { value: '2' }]);

    await expect(refused).rejects.toMatchObject({ code: 'INVALID_RECORD' });
    await roll(log);
    await log.compact();
    expect(await contentOf(log)).toEqual(['0:null=x', '1:null=y', '2:null=']);
    await log.close();
  });

  it('is refused for a log that is not compacted', async () => {
    const log = await openLog(directory, {}, testWorld());

    await expect(log.compact()).rejects.toThrow(RangeError);
    await log.close();
  });

  it('leaves records alone that are younger than the lag', async () => {
    const world = testWorld();
    const log = await openLog(directory, { ...compacted, minCompactionLagMs: 1000 }, world);
    await append(log, 'a=1 a=2');
    await roll(log);

    const early = await log.compact();
    await world.clock.advance(1000);
    const late = await log.compact();

    expect([early.recordsRemoved, late.recordsRemoved]).toEqual([0, 1]);
    await log.close();
  });

  it('stays below what a caller holds, until that moves or is released', async () => {
    const world = testWorld();
    const log = await openLog(directory, { ...compacted, segmentBytes: 150 }, world);
    await append(log, 'a=1 a=2 a=3 a=4 a=5 a=6');
    await roll(log);
    const hold = log.hold(3);

    const [below] = [await log.compact(), await log.compact()];
    const held = await contentOf(log);
    hold.moveTo(4);
    await log.compact();
    const moved = await contentOf(log);
    hold.release();
    await log.compact();

    expect(below.cleanedUpTo).toBe(2);
    expect(held).toEqual(['1:a=2', '2:a=3', '3:a=4', '4:a=5', '5:a=6']);
    expect(moved).toEqual(['3:a=4', '4:a=5', '5:a=6']);
    expect(await contentOf(log)).toEqual(['5:a=6']);
    await log.close();
  });

  it('stops where its memory is full, in the middle of a segment, and goes on there next time (KAFKA-3894)', async () => {
    const world = testWorld();
    const log = await openLog(directory, { ...compacted, compactionMemoryBytes: 100 }, world);
    await append(log, 'a=1 b=1 c=1 d=1 e=1 f=1 g=1 a=2 b=2 c=2 d=2 e=2 f=2 g=2');
    await roll(log);

    const stops: number[] = [];
    for (let last = -1; ; ) {
      const { cleanedUpTo } = await log.compact();
      if (cleanedUpTo === last) break;
      last = cleanedUpTo;
      stops.push(last);
    }

    expect(stops.length).toBeGreaterThan(2);
    expect(await contentOf(log)).toEqual(['7:a=2', '8:b=2', '9:c=2', '10:d=2', '11:e=2', '12:f=2', '13:g=2']);
    await log.close();
  });

  it('keeps the header of the last batch of each producer, by which a repetition is known (KAFKA-9133, 5413)', async () => {
    const world = testWorld();
    const options = { ...compacted, segmentBytes: 2000 };
    let log = await openLog(directory, options, world);
    const sent = batchOf(
      [
        { key: 'a', value: '1' },
        { key: 'b', value: '1' },
      ],
      {
        producer: { producerId: 5, producerEpoch: 1, baseSequence: 0 },
      },
    );
    await log.appendBatches(Buffer.from(sent), { leaderEpoch: 0 });
    await append(log, 'a=2 b=2');
    await append(log, `roll=${'.'.repeat(1900)} active=1`);
    await log.flush();

    await log.compact();
    await log.close();
    for (const name of await world.files.list(directory)) {
      if (name.endsWith('.snapshot')) await world.files.remove(`${directory}/${name}`);
    }
    log = await openLog(directory, options, world);

    expect(await contentOf(log)).toEqual(['2:a=2', '3:b=2']);
    expect(await log.appendBatches(sent, { leaderEpoch: 0 })).toMatchObject({
      baseOffset: 0,
      lastOffset: 1,
      duplicate: true,
    });
    await log.close();
  });

  it('opens no batch of a transaction, and supersedes nothing by it', async () => {
    const world = testWorld();
    const log = await openLog(directory, compacted, world);
    await append(log, 'a=1');
    const builder = new BatchBuilder({ maxBytes: 1000 });
    builder.tryAppend({ key: 'a', value: 'perhaps' }, 0);
    const batch = builder.build();
    batch.writeUInt16BE(1 << 4, 21);
    await log.appendBatches(withChecksum(batch), { leaderEpoch: 0 });
    await roll(log);

    await log.compact();

    expect(await contentOf(log)).toEqual(['0:a=1', '1:a=perhaps']);
    await log.close();
  });
});

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

  it('are no damage to an opening that verifies everything', async () => {
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
  it('goes on with the range it holds, and the file stays until it lets go', async () => {
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

  it('tries again when a run has failed', async () => {
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
