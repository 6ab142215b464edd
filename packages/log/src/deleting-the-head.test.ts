import { seededRandom, testWorld } from '@millrace/runtime/testing';
import { type Log, openLog } from './index.ts';
import { batchOf, bytesOf, valuesOf } from './testing/log-fixtures.ts';

const directory = '/data/log';

/** Three segments: offsets 0 to 3 (one batch), 4 and 5, 6; all flushed. */
async function threeSegments(world = testWorld()) {
  const log = await openLog(directory, { segmentBytes: 100 }, world);
  await log.append(['0', '1', '2', '3'].map((value) => ({ value })));
  await log.append([{ value: '4'.repeat(60) }, { value: '5' }]);
  await log.append({ value: '6'.repeat(60) });
  await log.flush();
  return { log, world };
}

const filesOf = async ({ files }: ReturnType<typeof testWorld>): Promise<string[]> =>
  (await files.list(directory)).filter((name) => /\d{20}/.test(name));

describe('deleteBefore', () => {
  it('lets the log begin inside a batch: nothing below is read, the file stays', async () => {
    const { log, world } = await threeSegments();

    await log.deleteBefore(2);

    expect([log.startOffset, log.endOffset]).toEqual([2, 7]);
    expect((await valuesOf(log)).slice(0, 2)).toEqual(['2', '3']);
    await expect(bytesOf(log, 1, 1_000)).rejects.toMatchObject({ code: 'OFFSET_OUT_OF_RANGE' });
    expect(await log.offsetForTimestamp(0)).toMatchObject({ offset: 2 });
    expect(await filesOf(world)).toContain('00000000000000000000.log');
    await log.close();
  });

  it('removes the segments that hold nothing else, indexes included', async () => {
    const { log, world } = await threeSegments();

    await log.deleteBefore(5);
    await new Promise((resolve) => setImmediate(resolve));

    expect((await filesOf(world)).filter((name) => name.startsWith('00000000000000000000'))).toEqual([]);
    expect((await valuesOf(log))[0]).toBe('5');
    await log.close();
  });

  it('holds also after a power cut, and after it was asked for less', async () => {
    const { log, world } = await threeSegments();
    await log.deleteBefore(5);
    await log.deleteBefore(1);

    const after = { ...world, files: world.files.crash(seededRandom(1)) };
    const again = await openLog(directory, {}, after);

    expect([again.startOffset, again.endOffset]).toEqual([5, 7]);
    await again.close();
  });

  it('leaves what a reader holds readable until it lets go', async () => {
    const { log, world } = await threeSegments();
    const slice = await log.read(0, { maxBytes: 10 });
    const before = await slice.read(0, slice.byteLength);

    await log.deleteBefore(6);

    expect(await slice.read(0, slice.byteLength)).toEqual(before);
    expect(await filesOf(world)).toContain('00000000000000000000.log.deleted');
    slice.release();
    await new Promise((resolve) => setImmediate(resolve));
    expect(await filesOf(world)).not.toContain('00000000000000000000.log.deleted');
    await log.close();
  });

  it('goes no further than what is flushed and not held', async () => {
    const { log } = await threeSegments();
    const held = log.hold(3);

    await expect(log.deleteBefore(4)).rejects.toMatchObject({ code: 'OFFSET_OUT_OF_RANGE' });
    held.release();
    await log.deleteBefore(7);
    await expect(log.deleteBefore(8)).rejects.toMatchObject({ code: 'OFFSET_OUT_OF_RANGE' });

    expect([log.startOffset, log.endOffset]).toEqual([7, 7]);
    await log.append({ value: 'next' });
    expect(await valuesOf(log)).toEqual(['next']);
    await log.close();
  });

  it('lets the epoch that holds the new start begin there', async () => {
    const log = await openLog(directory, {}, testWorld());
    for (const [leaderEpoch, value] of ['a', 'b', 'c'].entries())
      await log.appendBatches(batchOf([value, value]), { leaderEpoch });
    await log.flush();

    await log.deleteBefore(3);

    // Epoch 0 is gone: below the first that is known, the answer is where that begins.
    expect(log.endOffsetForEpoch(0)).toEqual({ leaderEpoch: 0, endOffset: 3 });
    expect(log.endOffsetForEpoch(1)).toEqual({ leaderEpoch: 1, endOffset: 4 });
    await log.close();
  });

  it('changes nothing when the checkpoint cannot be written', async () => {
    const { log, world } = await threeSegments();
    world.files.failNext('rename', Object.assign(new Error('full'), { code: 'ENOSPC' }));

    await expect(log.deleteBefore(5)).rejects.toMatchObject({ code: 'LOG_FAILED', retriable: true });

    expect(await valuesOf(log)).toHaveLength(7);
    await log.deleteBefore(5);
    await log.close();
  });
});

describe('truncateTo', () => {
  it('ends the log at a batch, and before one that holds the offset', async () => {
    const { log } = await threeSegments();

    await log.truncateTo(6);
    const atBatch = await valuesOf(log);
    await log.truncateTo(5);
    const insideBatch = await valuesOf(log);

    expect([atBatch.length, insideBatch]).toEqual([6, ['0', '1', '2', '3']]);
    expect([log.endOffset, log.flushedOffset]).toEqual([4, 4]);
    expect(await log.append({ value: 'again' })).toMatchObject({ baseOffset: 4 });
    await log.close();
  });

  it.each([0, 3, 4, 6])('to %i is there after reopening and after a power cut', async (offset) => {
    const { log, world } = await threeSegments();
    await log.truncateTo(offset);
    const values = await valuesOf(log);

    const cut = await openLog(directory, {}, { ...world, files: world.files.crash(seededRandom(offset)) });
    const afterCut = await valuesOf(cut);
    await cut.close();
    await log.close();
    const reopened = await openLog(directory, {}, world);

    expect([afterCut, await valuesOf(reopened)]).toEqual([values, values]);
    await reopened.close();
  });

  it('takes producers and epochs back with the records', async () => {
    const log = await openLog(directory, { segmentBytes: 150 }, testWorld());
    const batch = (baseSequence: number) =>
      batchOf([`${baseSequence}`], { producer: { producerId: 7, producerEpoch: 0, baseSequence } });
    for (const sequence of [0, 1, 2, 3]) await log.appendBatches(batch(sequence), { leaderEpoch: sequence });

    await log.truncateTo(2);

    expect(log.latestLeaderEpoch).toBe(1);
    await expect(log.appendBatches(batch(3), { leaderEpoch: 1 })).rejects.toMatchObject({
      code: 'OUT_OF_ORDER_SEQUENCE',
    });
    expect(await log.appendBatches(batch(2), { leaderEpoch: 1 })).toMatchObject({
      baseOffset: 2,
      duplicate: false,
    });
    await log.close();
  });

  it('disturbs no reader of what stays, and waits for those of what goes', async () => {
    const { log } = await threeSegments();
    const behind = await log.read(5, { maxBytes: 1_000 });
    const bytes = await behind.read(0, behind.byteLength);

    const truncating = log.truncateTo(5);
    const meanwhile = await Promise.all(Array.from({ length: 20 }, () => bytesOf(log, 0, 1_000)));
    const still = await behind.read(0, behind.byteLength);
    behind.release();
    await truncating;

    expect(meanwhile.every((read) => read.length > 0)).toBe(true);
    expect(still).toEqual(bytes);
    expect([log.endOffset, log.flushedOffset]).toEqual([4, 4]);
    await log.close();
  });

  it('refuses appends while it works, and offsets outside the log', async () => {
    const { log } = await threeSegments();

    const truncating = log.truncateTo(4);
    await expect(log.append({ value: 'x' })).rejects.toMatchObject({ code: 'LOG_FAILED', retriable: true });
    await truncating;

    await expect(log.truncateTo(5)).rejects.toMatchObject({ code: 'OFFSET_OUT_OF_RANGE' });
    expect(await log.append({ value: 'x' })).toMatchObject({ baseOffset: 4 });
    await log.close();
  });

  it('inside the batch in which the head ends leaves an empty log that begins there', async () => {
    const { log, world } = await threeSegments();
    await log.deleteBefore(2);

    await log.truncateTo(3);

    expect([log.startOffset, log.flushedOffset, log.endOffset, await valuesOf(log)]).toEqual([2, 2, 2, []]);
    await log.append({ value: 'next' });
    await log.close();
    const again: Log = await openLog(directory, {}, world);
    expect([again.startOffset, await valuesOf(again)]).toEqual([2, ['next']]);
    await again.close();
  });
});
