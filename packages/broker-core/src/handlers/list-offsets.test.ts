import { BatchBuilder } from '@millrace/record';
import type { BrokerCore } from '../broker-core.ts';
import type { PartitionTable } from '../partition-table.ts';
import { batchOf, contextOf, createTopic, only, produce, startCore } from '../testing/core-fixture.ts';
import { listOffsetsHandler } from './list-offsets.ts';

type At = 'earliest' | 'latest' | 'timestamp';

async function ask(core: BrokerCore, at: At, more: { timestamp?: number; currentLeaderEpoch?: number } = {}) {
  const answer = await core.api.listOffsets(
    { partitions: [{ topic: 'orders', partition: 0, at, ...more }] },
    contextOf(),
  );
  return only(answer.partitions);
}

function batchAt(timestamp: number): Buffer {
  const builder = new BatchBuilder({ maxBytes: 1_000 });
  builder.tryAppend({ value: 'x' }, timestamp);
  return builder.build();
}

describe('listOffsets', () => {
  it('makes a flush due before it says what is the latest', async () => {
    const { core, stop } = await startCore({ log: { flush: { everyMs: 60_000 } } });
    await createTopic(core, 'orders');
    await produce(core, ['a', 'b'], { acks: 'leader' });

    expect(await ask(core, 'latest')).toMatchObject({ error: 'NONE', offset: 2, leaderEpoch: 1 });
    expect(await ask(core, 'earliest')).toMatchObject({ error: 'NONE', offset: 0 });
    await stop();
  });

  it('finds the first record at or after a timestamp', async () => {
    const { core, stop } = await startCore();
    await createTopic(core, 'orders');
    for (const timestamp of [100, 200, 300]) await produce(core, [], { batches: batchAt(timestamp) });

    expect(await ask(core, 'timestamp', { timestamp: 150 })).toMatchObject({ offset: 1, timestamp: 200 });
    expect(await ask(core, 'timestamp', { timestamp: 300 })).toMatchObject({ offset: 2, timestamp: 300 });
    const beyond = await ask(core, 'timestamp', { timestamp: 301 });
    expect(beyond.error).toBe('NONE');
    expect(beyond.offset).toBeUndefined();
    await stop();
  });

  it('searches a few partitions at a time, however many one question names, and answers in its order', async () => {
    let searching = 0;
    let most = 0;
    const partition = {
      topic: 'orders',
      logStartOffset: 7,
      settle: () => Promise.resolve(),
      offsetForTimestamp: async (timestamp: number) => {
        searching += 1;
        most = Math.max(most, searching);
        await new Promise(setImmediate);
        searching -= 1;
        return { offset: timestamp, timestamp };
      },
    };
    const handler = listOffsetsHandler({ find: () => partition } as unknown as PartitionTable);
    const partitions = Array.from({ length: 100 }, (_, i) => ({
      topic: 'orders',
      partition: i,
      ...(i % 10 === 0 ? { at: 'earliest' as const } : { at: 'timestamp' as const, timestamp: i }),
    }));

    const answer = await handler({ partitions });

    expect(answer.partitions.map(({ offset }) => offset)).toEqual(
      partitions.map((_, i) => (i % 10 === 0 ? 7 : i)),
    );
    expect(most).toBe(8);
  });

  it('keeps to the high watermark of a log that failed', async () => {
    const { core, world, stop } = await startCore();
    await createTopic(core, 'orders');
    await produce(core, ['safe']);
    world.files.failNext('sync', Object.assign(new Error('the disk is gone'), { code: 'EIO' }));
    await produce(core, ['lost'], { batches: batchOf(['lost']) });

    expect(await ask(core, 'latest')).toMatchObject({ error: 'NONE', offset: 1 });
    await stop().catch(() => {}); // a log that failed may say so again when it is closed
  });

  it('refuses what makes no sense', async () => {
    const { core, stop } = await startCore();

    expect((await ask(core, 'latest')).error).toBe('UNKNOWN_TOPIC_OR_PARTITION');
    await createTopic(core, 'orders');
    expect((await ask(core, 'timestamp')).error).toBe('INVALID_REQUEST');
    expect((await ask(core, 'latest', { currentLeaderEpoch: 9 })).error).toBe('UNKNOWN_LEADER_EPOCH');
    await stop();
  });
});
