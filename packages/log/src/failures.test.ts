import { testWorld } from '@millrace/runtime/testing';
import { openLog } from './index.ts';
import { batchOf, valuesOf } from './testing/log-fixtures.ts';

const directory = '/data/log';

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: the system said no`), { code });
}

describe('a failed append', () => {
  it('rejects with all that was queued behind it, and leaves the log as it was (KAFKA-4576, 10778)', async () => {
    const world = testWorld();
    const log = await openLog(directory, {}, world);
    await log.append({ value: 'before' });
    world.files.failNext('append', systemError('EIO'));

    const results = await Promise.allSettled(['x', 'y', 'z'].map((value) => log.append({ value })));

    expect(results.map((result) => result.status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(log.endOffset).toBe(1);
    expect(await log.append({ value: 'after' })).toMatchObject({ baseOffset: 1 });
    expect(await valuesOf(log)).toEqual(['before', 'after']);
    await log.close();
    const again = await openLog(directory, {}, world);
    expect(await valuesOf(again)).toEqual(['before', 'after']);
    await again.close();
  });

  it('says that trying again may help when the disk was full', async () => {
    const world = testWorld();
    const log = await openLog(directory, {}, world);
    world.files.failNext('append', systemError('ENOSPC'));

    await expect(log.append({ value: 'x' })).rejects.toMatchObject({
      code: 'LOG_FAILED',
      retriable: true,
      hint: 'free some space: writing resumes by itself',
      cause: { code: 'ENOSPC' },
    });
    expect(log.failure).toBeUndefined();
    await log.close();
  });

  it('takes producer state and epochs back with it', async () => {
    const world = testWorld();
    const log = await openLog(directory, {}, world);
    const producer = { producerId: 7, producerEpoch: 0, baseSequence: 0 };
    world.files.failNext('append', systemError('ENOSPC'));
    await expect(log.appendBatches(batchOf(['a'], { producer }), { leaderEpoch: 3 })).rejects.toMatchObject({
      code: 'LOG_FAILED',
    });

    const retried = await log.appendBatches(batchOf(['a'], { producer }), { leaderEpoch: 2 });

    expect(retried).toMatchObject({ baseOffset: 0, duplicate: false });
    expect(log.latestLeaderEpoch).toBe(2);
    await log.close();
  });

  it('leaves a log that cannot be cut back read-only (KAFKA-309, 310)', async () => {
    const world = testWorld();
    const log = await openLog(directory, {}, world);
    await log.append({ value: 'before' });
    world.files.failNext('append', systemError('EIO'));
    world.files.failNext('truncate', systemError('EIO'));
    await expect(log.append({ value: 'x' })).rejects.toMatchObject({ code: 'LOG_FAILED' });

    await expect(log.append({ value: 'y' })).rejects.toMatchObject({ code: 'LOG_FAILED' });

    expect(log.failure).toMatchObject({ code: 'LOG_FAILED' });
    expect(await valuesOf(log)).toEqual(['before']);
    await log.close();
    const again = await openLog(directory, {}, world);
    expect(await valuesOf(again)).toEqual(['before']);
    expect(await again.append({ value: 'y' })).toMatchObject({ baseOffset: 1 });
    await again.close();
  });

  it('because no segment could be begun leaves the old one active', async () => {
    const world = testWorld();
    const log = await openLog(directory, { segmentBytes: 100 }, world);
    await log.append({ value: 'a' });
    world.files.failNext('open', systemError('EMFILE'));
    await expect(log.append({ value: 'b' })).rejects.toMatchObject({ code: 'LOG_FAILED', retriable: true });

    expect(await log.append({ value: 'c' })).toMatchObject({ baseOffset: 1 });

    expect(await valuesOf(log)).toEqual(['a', 'c']);
    await log.close();
  });
});

describe('a failed flush', () => {
  it('freezes the flushed offset and leaves the log read-only, and is never tried again', async () => {
    const world = testWorld();
    const log = await openLog(directory, {}, world);
    await log.append({ value: 'flushed' });
    await log.flush();
    world.files.failNext('sync', systemError('EIO'));
    await log.append({ value: 'lost, perhaps' });

    await expect(log.flush()).rejects.toMatchObject({ code: 'LOG_FAILED', cause: { code: 'EIO' } });

    expect(log.flushedOffset).toBe(1);
    expect(log.endOffset).toBe(2);
    await expect(log.append({ value: 'x' })).rejects.toMatchObject({ code: 'LOG_FAILED' });
    await expect(log.flush()).rejects.toMatchObject({ code: 'LOG_FAILED' });
    expect(await valuesOf(log)).toEqual(['flushed', 'lost, perhaps']);
    await log.close();
    expect(await world.files.exists(`${directory}/clean-shutdown`)).toBe(false);
  });

  it('at the end makes close reject, but the log is closed', async () => {
    const world = testWorld();
    const log = await openLog(directory, { flush: { everyMs: 60_000 } }, world);
    await log.append({ value: 'x' });
    world.files.failNext('sync', systemError('EIO'));

    await expect(log.close()).rejects.toMatchObject({ code: 'LOG_FAILED' });

    await expect(log.append({ value: 'y' })).rejects.toMatchObject({ code: 'LOG_CLOSED' });
    const again = await openLog(directory, {}, world);
    await again.close();
  });
});

describe('a closed log', () => {
  it('refuses everything, but lets a slice that was read before be sent', async () => {
    const log = await openLog(directory, {}, testWorld());
    await log.append({ value: 'x' });
    const slice = await log.read(0, { maxBytes: 1000 });
    await log.close();

    expect((await slice.read(0, slice.byteLength)).length).toBe(slice.byteLength);
    slice.release();
    await expect(log.append({ value: 'y' })).rejects.toMatchObject({ code: 'LOG_CLOSED' });
    await expect(log.read(0, { maxBytes: 1 })).rejects.toMatchObject({ code: 'LOG_CLOSED' });
    await expect(log.startEpoch(1)).rejects.toMatchObject({ code: 'LOG_CLOSED' });
    await expect(log.close()).resolves.toBeUndefined();
  });
});

describe('an epoch that cannot be written', () => {
  it('is refused, and can be begun again', async () => {
    const world = testWorld();
    const log = await openLog(directory, {}, world);
    world.files.failNext('rename', systemError('ENOSPC'));
    await expect(log.startEpoch(1)).rejects.toMatchObject({ code: 'LOG_FAILED', retriable: true });

    await log.startEpoch(1);

    await log.close();
    const again = await openLog(directory, {}, world);
    expect(again.latestLeaderEpoch).toBe(1);
    await again.close();
  });
});
