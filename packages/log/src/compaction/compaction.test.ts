import { BatchBuilder, batchesIn, recordsIn } from '@millrace/record';
import { testWorld } from '@millrace/runtime/testing';
import { openLog } from '../open-log.ts';
import { batchOf, bytesOf } from '../testing/log-fixtures.ts';
import {
  append,
  compacted,
  contentOf,
  directory,
  roll,
  segmentFiles,
  withChecksum,
} from './compaction-log.fixture.ts';

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
