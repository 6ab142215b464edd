import { memoryFileSystem } from '@millrace/runtime';
import { testWorld } from '@millrace/runtime/testing';
import {
  batchOf,
  contextOf,
  createTopic,
  fetch,
  produce,
  startCore,
  valuesIn,
} from '../testing/core-fixture.ts';
import { heldFiles } from '../testing/held-files.ts';

async function coreWithOrders(partitions = 1) {
  // Without retention only what waits for an answer sets timers.
  const fixture = await startCore({ log: { retentionMs: -1 } });
  await createTopic(fixture.core, 'orders', partitions);
  return fixture;
}

/** Lets everything happen that needs no time. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('fetch', () => {
  it('begins with the batch that holds the offset', async () => {
    const { core, stop } = await coreWithOrders();
    await produce(core, ['a', 'b']);
    await produce(core, ['c']);

    expect((await fetch(core, { from: 1 })).values).toEqual(['b', 'c']);
    expect((await fetch(core, { from: 2 })).values).toEqual(['c']);
    expect((await fetch(core, { from: 3 })).values).toEqual([]);
    await stop();
  });

  it('says which offsets there are when one is out of range', async () => {
    const { core, stop } = await coreWithOrders();
    await produce(core, ['a', 'b']);

    const answer = await fetch(core, { from: 9, maxWaitMs: 60_000 });

    expect(answer).toMatchObject({
      error: 'OFFSET_OUT_OF_RANGE',
      message: 'offset 9 is outside [0, 2] of orders-0',
      highWatermark: 2,
    });
    await stop();
  });

  it('waits until there is something', async () => {
    const { core, stop } = await coreWithOrders();

    const waiting = fetch(core, { maxWaitMs: 60_000 });
    await settle();
    await produce(core, ['a'], { acks: 'leader' });

    expect((await waiting).values).toEqual(['a']);
    await stop();
  });

  it('waits until there is enough', async () => {
    const { core, stop } = await coreWithOrders();
    let answered = false;

    const waiting = fetch(core, { maxWaitMs: 60_000, minBytes: 2_000 }).then((answer) => {
      answered = true;
      return answer;
    });
    await produce(core, ['x'.repeat(500)]);
    await settle();
    const early = answered;
    await produce(core, ['y'.repeat(5_000)]);

    expect(early).toBe(false);
    expect((await waiting).values).toHaveLength(2);
    await stop();
  });

  it('answers with nothing when the time is over', async () => {
    const { core, world, stop } = await coreWithOrders();

    const waiting = fetch(core, { maxWaitMs: 500 });
    await world.clock.advance(500);

    expect(await waiting).toMatchObject({ error: 'NONE', highWatermark: 0, values: [] });
    expect(world.clock.pending).toBe(0);
    await stop();
  });

  it('answers at once when it need not wait', async () => {
    const { core, stop } = await coreWithOrders();

    expect((await fetch(core, { maxWaitMs: 0 })).values).toEqual([]);
    expect((await fetch(core, { maxWaitMs: 60_000, minBytes: 0 })).values).toEqual([]);
    await stop();
  });

  it('answers at once when one of its partitions has an error', async () => {
    const { core, stop } = await coreWithOrders();

    const answer = await core.api.fetch(
      {
        maxWaitMs: 60_000,
        minBytes: 1,
        maxBytes: 1_000,
        partitions: [
          { topic: 'orders', partition: 0, fetchOffset: 0, maxBytes: 1_000 },
          { topic: 'orders', partition: 5, fetchOffset: 0, maxBytes: 1_000 },
        ],
      },
      contextOf(),
    );

    expect(answer.partitions).toMatchObject([{ error: 'NONE' }, { error: 'UNKNOWN_TOPIC_OR_PARTITION' }]);
    await stop();
  });

  it('refuses, at once, to give a partition twice in one answer', async () => {
    const { core, stop } = await coreWithOrders();
    await produce(core, ['a']);
    const partition = { topic: 'orders', partition: 0, fetchOffset: 1, maxBytes: 1_000 };

    const { partitions } = await core.api.fetch(
      { maxWaitMs: 60_000, minBytes: 1, maxBytes: 1_000, partitions: [partition, partition] },
      contextOf(),
    );

    expect(partitions.map(({ error }) => error)).toEqual(['NONE', 'INVALID_REQUEST']);
    await stop();
  });

  it('makes a flush due that would otherwise be put off', async () => {
    const { core, stop } = await startCore({ log: { flush: { everyMs: 60_000 } } });
    await createTopic(core, 'orders');
    await produce(core, ['a'], { acks: 'leader' });
    const unflushed = await fetch(core);

    const waiting = await fetch(core, { maxWaitMs: 1_000 });
    const later = fetch(core, { from: 1, maxWaitMs: 1_000 });
    await settle();
    await produce(core, ['b'], { acks: 'leader' });

    expect(unflushed.values).toEqual([]);
    expect(waiting.values).toEqual(['a']);
    expect((await later).values).toEqual(['b']);
    await stop();
  });

  it('drops what waits for a connection that is gone', async () => {
    const { core, world, stop } = await coreWithOrders();
    const connection = new AbortController();
    const waiting = core.api.fetch(
      {
        maxWaitMs: 60_000,
        minBytes: 1,
        maxBytes: 1_000,
        partitions: [{ topic: 'orders', partition: 0, fetchOffset: 0, maxBytes: 1_000 }],
      },
      contextOf(connection),
    );
    await settle();
    const parked = world.clock.pending;

    connection.abort();

    expect(parked).toBe(1);
    expect(world.clock.pending).toBe(0);
    expect(await waiting).toMatchObject({ partitions: [{ topic: 'orders', batches: { byteLength: 0 } }] });
    await stop();
  });

  it('tells those who wait when the leadership ends', async () => {
    const { core, sessions, stop } = await coreWithOrders();
    const waiting = fetch(core, { maxWaitMs: 60_000 });
    await settle();

    sessions.at(-1)?.expire();

    expect((await waiting).error).toBe('NOT_LEADER_OR_FOLLOWER');
    await stop();
  });

  it('tells those who wait when the topic is deleted', async () => {
    const { core, stop } = await coreWithOrders();
    const waiting = fetch(core, { maxWaitMs: 60_000 });
    await settle();

    await core.api.deleteTopics({ timeoutMs: 1_000, topics: [{ name: 'orders' }] }, contextOf());

    expect((await waiting).error).toBe('UNKNOWN_TOPIC_OR_PARTITION');
    await stop();
  });

  it('refuses a leader epoch that is not the present one', async () => {
    const { core, stop } = await coreWithOrders();
    await produce(core, ['a']);

    expect((await fetch(core, { currentLeaderEpoch: 0 })).error).toBe('FENCED_LEADER_EPOCH');
    expect((await fetch(core, { currentLeaderEpoch: 1 })).values).toEqual(['a']);
    expect((await fetch(core, { currentLeaderEpoch: 2 })).error).toBe('UNKNOWN_LEADER_EPOCH');
    await stop();
  });

  it('gives at least one whole batch, and of further partitions only what still fits', async () => {
    const { core, stop } = await coreWithOrders(3);
    const size = batchOf(['x'.repeat(1_000)]).length;
    for (const partition of [0, 1, 2]) await produce(core, ['x'.repeat(1_000)], { partition });
    const ask = async (maxBytes: number) => {
      const partitions = [0, 1, 2].map((partition) => ({
        topic: 'orders',
        partition,
        fetchOffset: 0,
        maxBytes: 10_000,
      }));
      const answer = await core.api.fetch({ maxWaitMs: 0, minBytes: 1, maxBytes, partitions }, contextOf());
      const values = await Promise.all(answer.partitions.map(({ batches }) => valuesIn(batches)));
      return values.map((each) => each.length);
    };

    expect(await ask(1)).toEqual([1, 0, 0]);
    expect(await ask(size)).toEqual([1, 0, 0]);
    expect(await ask(2 * size + 1)).toEqual([1, 1, 0]);
    expect(await ask(10_000)).toEqual([1, 1, 1]);
    await stop();
  });

  it('never gives what is beyond the high watermark', async () => {
    const held = heldFiles(memoryFileSystem());
    const { core, stop } = await startCore({ world: testWorld(1, held.files) });
    await createTopic(core, 'orders');
    await produce(core, ['safe']);
    held.hold();
    await produce(core, ['unsafe'], { acks: 'leader' });

    const fetched = await fetch(core);
    const beyond = await fetch(core, { from: 2 });

    expect(fetched).toMatchObject({ highWatermark: 1, values: ['safe'] });
    expect(beyond).toMatchObject({ error: 'NONE', values: [] });
    held.release();
    await stop();
  });

  it('answers no followers', async () => {
    const { core, stop } = await coreWithOrders();

    const asFollower = core.api.fetch(
      { maxWaitMs: 0, minBytes: 1, maxBytes: 1, partitions: [], replicaId: 2 },
      contextOf(),
    );

    await expect(asFollower).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
    await stop();
  });
});
