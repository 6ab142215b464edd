import { type Log, openLog } from '@millrace/log';
import { type TestWorld, testWorld } from '@millrace/runtime/testing';
import { Partition } from './partition.ts';

const keyed = (value: string) => ({ key: value, value: value.padEnd(700, '.') });

function lead(log: Log, world: TestWorld): Partition {
  return new Partition({
    topic: 'orders',
    topicId: 'id',
    index: 0,
    leaderEpoch: 1,
    inSyncReplicas: [1],
    limits: { maxBatchBytes: 64 * 1024, keys: undefined },
    durability: 'flushed',
    log,
    hold: log.hold(log.startOffset),
    logger: world.logger,
    onAdvance: () => {},
  });
}

describe('a partition’s high watermark', () => {
  it('is as far as anything is deleted: what lies above stays, however old or large', async () => {
    const world = testWorld();
    const log = await openLog('/log', { segmentBytes: 1024, retentionBytes: 0 }, world);
    await log.append([keyed('a'), keyed('b')]);
    await log.flush();
    await world.clock.advance(0);
    const partition = lead(log, world);
    partition.close(); // from here on nobody moves the high watermark
    for (const value of ['c', 'd', 'e']) await log.append(keyed(value));
    await log.flush();

    await log.applyRetention();

    expect([partition.highWatermark, log.startOffset, log.flushedOffset]).toEqual([2, 2, 5]);
    await expect(log.deleteBefore(3)).rejects.toMatchObject({ code: 'OFFSET_OUT_OF_RANGE' });
    await log.close();
  });

  it('lets go of what it passes', async () => {
    const world = testWorld();
    const log = await openLog('/log', { segmentBytes: 1024, retentionBytes: 0 }, world);
    const partition = lead(log, world);
    for (const value of ['a', 'b', 'c']) await log.append(keyed(value));
    await log.flush();
    await world.clock.advance(0);

    await log.applyRetention();

    expect([partition.highWatermark, log.startOffset]).toEqual([3, 2]);
    partition.close();
    await log.close();
  });

  it('is as far as anything is compacted', async () => {
    const world = testWorld();
    const log = await openLog('/log', { segmentBytes: 1024, cleanupPolicy: 'compact' }, world);
    await log.append(keyed('a'));
    await log.append(keyed('a'));
    await log.flush();
    await world.clock.advance(0);
    lead(log, world).close();
    for (const value of ['a', 'a', 'b', 'b']) await log.append(keyed(value));
    await log.flush();

    await log.compact();

    const offsets: number[] = [];
    for await (const { offset } of log.records()) offsets.push(offset);
    expect(offsets).toEqual([1, 2, 3, 4, 5]);
    await log.close();
  });
});
