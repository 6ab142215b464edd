import { memoryFileSystem } from '@millrace/runtime';
import { testWorld } from '@millrace/runtime/testing';
import { batchOf, contextOf, createTopic, fetch, produce, startCore } from '../testing/core-fixture.ts';
import { heldFiles } from '../testing/held-files.ts';

async function coreOnBusyDisk() {
  const held = heldFiles(memoryFileSystem());
  const fixture = await startCore({ world: testWorld(1, held.files) });
  await createTopic(fixture.core, 'orders', 2);
  return { ...fixture, held };
}

/** A world that writes down what is said to its log: level, message and the log it is about. */
function listeningWorld() {
  const said: unknown[][] = [];
  const say = (level: string) => (fields: object, message: string) => {
    said.push([level, message, 'log' in fields ? fields.log : undefined]);
  };
  const logger = { debug: () => {}, info: () => {}, warn: say('warn'), error: say('error') };
  return { world: { ...testWorld(), logger }, said };
}

describe('produce', () => {
  it('appends several partitions in the order of one turn, each on its own', async () => {
    const { core, stop } = await startCore();
    await createTopic(core, 'orders', 2);

    const answer = await core.api.produce(
      {
        acks: 'all',
        timeoutMs: 1_000,
        partitions: [
          { topic: 'orders', partition: 0, batches: batchOf(['a']) },
          { topic: 'orders', partition: 7, batches: batchOf(['b']) },
          { topic: 'orders', partition: 1, batches: batchOf(['c', 'd']) },
          { topic: 'nothing', partition: 0, batches: batchOf(['e']) },
        ],
      },
      contextOf(),
    );

    expect(answer.partitions).toMatchObject([
      { topic: 'orders', partition: 0, error: 'NONE', baseOffset: 0 },
      { partition: 7, error: 'UNKNOWN_TOPIC_OR_PARTITION', message: expect.stringContaining('2') },
      { topic: 'orders', partition: 1, error: 'NONE', baseOffset: 0 },
      { topic: 'nothing', error: 'UNKNOWN_TOPIC_OR_PARTITION' },
    ]);
    await stop();
  });

  it('keeps the order of calls, without waiting for each other', async () => {
    const { core, stop } = await startCore();
    await createTopic(core, 'orders');

    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, count) => produce(core, [`${count}`], { acks: 'leader' })),
    );

    expect(answers.map(({ baseOffset }) => baseOffset)).toEqual([...Array(100).keys()]);
    await stop();
  });

  it('answers acks leader before the flush, acks all after it', async () => {
    const { core, held, stop } = await coreOnBusyDisk();
    held.hold();
    let acknowledged = false;

    const leader = await produce(core, ['a'], { acks: 'leader' });
    const all = produce(core, ['b'], { acks: 'all' }).then((answer) => {
      acknowledged = true;
      return answer;
    });
    await produce(core, ['c'], { acks: 'leader' });
    const before = acknowledged;
    held.release();

    expect(leader).toMatchObject({ error: 'NONE', baseOffset: 0 });
    expect(before).toBe(false);
    expect(await all).toMatchObject({ error: 'NONE', baseOffset: 1 });
    await stop();
  });

  it('shows consumers only what is flushed', async () => {
    const { core, held, stop } = await coreOnBusyDisk();
    held.hold();
    await produce(core, ['a'], { acks: 'leader' });

    const before = await fetch(core);
    held.release();
    const after = await fetch(core, { maxWaitMs: 1_000 });

    expect(before).toMatchObject({ highWatermark: 0, values: [] });
    expect(after).toMatchObject({ highWatermark: 1, values: ['a'] });
    await stop();
  });

  it('needs no flush under durability process', async () => {
    const held = heldFiles(memoryFileSystem());
    const { core, stop } = await startCore({ world: testWorld(1, held.files), durability: 'process' });
    await createTopic(core, 'orders');
    held.hold();

    const answer = await produce(core, ['a'], { acks: 'all' });
    const fetched = await fetch(core);

    expect(answer.error).toBe('NONE');
    expect(fetched.values).toEqual(['a']);
    held.release();
    await stop();
  });

  it('says after the timeout that the records may be there', async () => {
    const { core, world, held, stop } = await coreOnBusyDisk();
    held.hold();

    const answer = produce(core, ['a'], { timeoutMs: 500 });
    await world.clock.advance(500);

    expect(await answer).toMatchObject({
      error: 'REQUEST_TIMED_OUT',
      message: expect.stringContaining('within 500 ms'),
    });
    held.release();
    await stop();
  });

  it('answers a duplicate under acks all with its old offset, and only once that is safe', async () => {
    const { core, held, stop } = await coreOnBusyDisk();
    const batch = () => batchOf(['a'], { producerId: 5, producerEpoch: 0, baseSequence: 0 });
    held.hold();
    await produce(core, [], { acks: 'leader', batches: batch() });
    let acknowledged = false;

    const again = produce(core, [], { acks: 'all', batches: batch() }).then((answer) => {
      acknowledged = true;
      return answer;
    });
    await produce(core, ['b'], { acks: 'leader' });
    const before = acknowledged;
    held.release();

    expect(before).toBe(false);
    expect(await again).toMatchObject({ error: 'NONE', baseOffset: 0 });
    await stop();
  });

  it('refuses a batch that a sequence is missing before', async () => {
    const { core, stop } = await startCore();
    await createTopic(core, 'orders');
    await produce(core, [], {
      batches: batchOf(['a'], { producerId: 5, producerEpoch: 0, baseSequence: 0 }),
    });

    const answer = await produce(core, [], {
      batches: batchOf(['c'], { producerId: 5, producerEpoch: 0, baseSequence: 2 }),
    });

    expect(answer.error).toBe('OUT_OF_ORDER_SEQUENCE');
    await stop();
  });

  it('refuses a batch over the limit with its size and the limit, and appends nothing of the request', async () => {
    const { core, stop } = await startCore();
    await createTopic(core, 'orders');
    const large = batchOf(['x'.repeat(2 * 1024 * 1024)]);

    const answer = await produce(core, [], { batches: Buffer.concat([batchOf(['a']), large]) });

    expect(answer.error).toBe('MESSAGE_TOO_LARGE');
    expect(answer.message).toContain(`${large.length} bytes`);
    expect(answer.message).toContain('1114112');
    expect((await fetch(core)).values).toEqual([]);
    await stop();
  });

  it.each([
    ['a flipped bit', (batch: Buffer) => batch.fill((batch.at(-1) ?? 0) ^ 1, batch.length - 1)],
    ['a missing end', (batch: Buffer) => batch.subarray(0, batch.length - 1)],
    ['nothing', () => Buffer.alloc(0)],
    ['a second batch that is cut', (batch: Buffer) => Buffer.concat([batch, batch.subarray(0, 20)])],
  ])('refuses %s and stays in order for others', async (_, damage) => {
    const { core, stop } = await startCore();
    await createTopic(core, 'orders');

    const damaged = await produce(core, [], { batches: Buffer.from(damage(batchOf(['a']))) });
    const sound = await produce(core, ['b']);

    expect(damaged.error).toBe('CORRUPT_MESSAGE');
    expect(sound).toMatchObject({ error: 'NONE', baseOffset: 0 });
    await stop();
  });

  it('takes no transactions', async () => {
    const { core, stop } = await startCore();
    await createTopic(core, 'orders');

    const answer = await core.api.produce(
      {
        acks: 'all',
        timeoutMs: 1_000,
        transactionalId: 'transfer',
        partitions: [{ topic: 'orders', partition: 0, batches: batchOf(['a']) }],
      },
      contextOf(),
    );

    expect(answer.partitions).toMatchObject([{ error: 'INVALID_REQUEST' }]);
    await stop();
  });

  it('takes nothing under acks all while too few replicas are in sync', async () => {
    const { core, stop } = await startCore({ minInSyncReplicas: 2 });
    await createTopic(core, 'orders');

    const all = await produce(core, ['a'], { acks: 'all' });
    const leader = await produce(core, ['b'], { acks: 'leader' });

    expect(all.error).toBe('NOT_ENOUGH_REPLICAS');
    expect(leader).toMatchObject({ error: 'NONE', baseOffset: 0 });
    await stop();
  });

  it('knows a topic by its id', async () => {
    const { core, stop } = await startCore();
    const topicId = await createTopic(core, 'orders');
    const partitions = [
      { topic: '', partition: 0, topicId, batches: batchOf(['a']) },
      { topic: 'orders', partition: 0, topicId: 'another', batches: batchOf(['b']) },
      { topic: '', partition: 0, topicId: 'another', batches: batchOf(['c']) },
    ];

    const answer = await core.api.produce({ acks: 'all', timeoutMs: 1_000, partitions }, contextOf());

    expect(answer.partitions).toMatchObject([
      { topic: 'orders', error: 'NONE' },
      { error: 'UNKNOWN_TOPIC_ID' },
      { error: 'UNKNOWN_TOPIC_ID' },
    ]);
    await stop();
  });

  it('says STORAGE_ERROR for a partition whose flush failed, and serves the others', async () => {
    const { core, world, held, stop } = await coreOnBusyDisk();
    held.hold();
    const waiting = produce(core, ['a']);
    await world.clock.advance(0);
    world.files.failNext('sync', Object.assign(new Error('the disk is gone'), { code: 'EIO' }));
    held.release();

    const failed = await waiting;
    const after = await produce(core, ['b']);
    const other = await produce(core, ['c'], { partition: 1 });

    expect(failed).toMatchObject({ error: 'STORAGE_ERROR' });
    expect(after).toMatchObject({ error: 'STORAGE_ERROR' });
    expect(other).toMatchObject({ error: 'NONE' });
    await stop().catch(() => {}); // a log that failed may say so again when it is closed
  });

  it('works again when a full disk has space again, and tells the log of both once', async () => {
    const { world, said } = listeningWorld();
    const { core, stop } = await startCore({ world });
    await createTopic(core, 'orders');
    const noSpace = Object.assign(new Error('no space left'), { code: 'ENOSPC' });
    world.files.failNext('append', noSpace);

    const full = await produce(core, ['a']);
    world.files.failNext('append', noSpace);
    await produce(core, ['a']);
    const later = await produce(core, ['b']);
    await produce(core, ['c']);

    expect(said).toEqual([
      ['error', 'the disk does not take records of a partition', 'orders-0'],
      ['warn', 'the disk takes records of a partition again', 'orders-0'],
    ]);
    expect(full.error).toBe('STORAGE_ERROR');
    expect(later).toMatchObject({ error: 'NONE', baseOffset: 0 });
    await stop();
  });
});
