import { memoryRegistry, paths, topicNode } from '@millrace/coordination';
import { BatchBuilder, type NewRecord } from '@millrace/record';
import type { BrokerCore } from './broker-core.ts';
import {
  batchOf,
  type CoreFixture,
  contextOf,
  createTopic,
  fetch,
  only,
  produce,
  startCore,
} from './testing/core-fixture.ts';

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;

/** `name=value`; `name` alone: back to the default. */
async function alter(core: BrokerCore, changes: string, topic = 'orders'): Promise<void> {
  const named = changes.split(' ').map((change) => {
    const [name = '', value] = change.split('=');
    return value === undefined ? { name } : { name, value };
  });
  const answer = await core.api.alterConfigs(
    { resources: [{ type: 'topic', name: topic, changes: named }] },
    contextOf(),
  );
  expect(only(answer.resources)).toEqual({ type: 'topic', name: topic, error: 'NONE' });
  await settle();
}

/** Each in a batch of its own, stamped with the time of the broker's clock. */
async function send({ core, world }: CoreFixture, records: readonly NewRecord[], topic = 'orders') {
  for (const record of records) {
    const builder = new BatchBuilder({ maxBytes: 64 * 1024 });
    builder.tryAppend(record, world.clock.now());
    await produce(core, [], { topic, batches: builder.build() });
  }
}

const values = (...given: string[]): NewRecord[] => given.map((value) => ({ value: value.padEnd(700, '.') }));

async function earliest(core: BrokerCore): Promise<number | undefined> {
  const answer = await core.api.listOffsets(
    { partitions: [{ topic: 'orders', partition: 0, at: 'earliest' }] },
    contextOf(),
  );
  return only(answer.partitions).offset;
}

/** What the topic's records say, `key=value`. */
async function contentOf({ logs }: CoreFixture): Promise<string[]> {
  const content: string[] = [];
  for await (const { key, value } of logs.get('orders-0')?.records() ?? [])
    content.push(`${String(key)}=${String(value).replace(/\.+$/, '')}`);
  return content;
}

async function coreWithOrders(options: Parameters<typeof startCore>[0] = {}): Promise<CoreFixture> {
  const fixture = await startCore(options);
  await createTopic(fixture.core, 'orders');
  return fixture;
}

describe('retention of a topic', () => {
  it('deletes after seven days by itself, and never where the topic says -1', async () => {
    const fixture = await coreWithOrders();
    const { core, world, logs, stop } = fixture;
    await createTopic(core, 'kept');
    await alter(core, 'retention.ms=-1', 'kept');
    await send(fixture, values('a'));
    await send(fixture, values('a'), 'kept');

    await world.clock.advance(7 * dayMs - minuteMs);
    const before = await earliest(core);
    await world.clock.advance(10 * minuteMs);

    expect(before).toBe(0);
    expect(await earliest(core)).toBe(1);
    expect(logs.get('kept-0')?.startOffset).toBe(0);
    await stop();
  });

  it('begins when retention.ms is altered while the broker runs: who asks for what is gone is told the range', async () => {
    const fixture = await coreWithOrders();
    const { core, world, stop } = fixture;
    await send(fixture, values('old', 'old too'));
    await world.clock.advance(minuteMs);

    await alter(core, 'retention.ms=10000');
    await world.clock.advance(5_000);
    await send(fixture, values('new'));

    expect(await fetch(core, { from: 0 })).toMatchObject({
      error: 'OFFSET_OUT_OF_RANGE',
      message: 'offset 0 is outside [2, 3] of orders-0',
      logStartOffset: 2,
      highWatermark: 3,
    });
    expect(await earliest(core)).toBe(2);
    expect((await fetch(core, { from: 2 })).values).toEqual(values('new').map(({ value }) => value));
    await stop();
  });

  it('leaves those who wait at the end where they are', async () => {
    const fixture = await coreWithOrders();
    const { core, world, stop } = fixture;
    await send(fixture, values('a', 'b'));
    const waiting = fetch(core, { from: 2, maxWaitMs: 10 * minuteMs });

    await alter(core, 'retention.ms=1000');
    await world.clock.advance(minuteMs);
    const start = await earliest(core);
    await send(fixture, values('c'));

    expect(start).toBe(2);
    expect(await waiting).toMatchObject({ error: 'NONE', values: [expect.stringMatching(/^c/)] });
    await stop();
  });

  it('goes by size when retention.bytes is altered', async () => {
    const fixture = await coreWithOrders({ log: { segmentBytes: 1024 } });
    const { core, world, logs, stop } = fixture;
    await send(fixture, values('1', '2', '3', '4', '5', '6'));

    await alter(core, 'retention.bytes=1600');
    await world.clock.advance(5 * minuteMs);

    expect(await earliest(core)).toBe(3);
    expect(logs.get('orders-0')?.sizeInBytes).toBeGreaterThanOrEqual(1600);
    await stop();
  });

  it('follows the broker again when the topic says nothing any more', async () => {
    const fixture = await coreWithOrders({ log: { retentionMs: -1 } });
    const { core, world, stop } = fixture;
    await alter(core, 'retention.ms=1000');
    await send(fixture, values('a'));

    await alter(core, 'retention.ms');
    await world.clock.advance(30 * dayMs);

    expect(await earliest(core)).toBe(0);
    await stop();
  });

  it('reaches the leader also when another broker was asked', async () => {
    const registry = memoryRegistry();
    const leader = await coreWithOrders({ nodeId: 1, registry });
    const other = await startCore({ nodeId: 2, registry });
    await send(leader, values('old'));

    await alter(other.core, 'retention.ms=1000');
    await leader.world.clock.advance(minuteMs);

    expect(await earliest(leader.core)).toBe(1);
    await other.stop();
    await leader.stop();
  });

  it('holds after a restart', async () => {
    const fixture = await coreWithOrders();
    await alter(fixture.core, 'retention.ms=60000');
    await send(fixture, values('a'));
    await fixture.stop();

    const { world, registry } = fixture;
    const again = await startCore({ world, registry });
    await world.clock.advance(2 * minuteMs);

    expect(await earliest(again.core)).toBe(1);
    await again.stop();
  });

  it('stays as it was where somebody wrote what makes no sense into the node, and others are served', async () => {
    const fixture = await coreWithOrders({ log: { retentionMs: 60_000 } });
    const { core, world, registry, stop } = fixture;
    await send(fixture, values('a'));
    const session = registry.session();
    const found = await session.get(paths.topic('orders'));
    const node = topicNode.decode(found?.data ?? Buffer.alloc(0), paths.topic('orders'));

    const config = { 'retention.ms': 'for ever', 'max.message.bytes': '2000' };
    await session.set(paths.topic('orders'), topicNode.encode({ ...node, config }), {
      version: found?.version ?? -1,
    });
    await settle();
    const large = await produce(core, ['x'.repeat(3_000)]);
    await createTopic(core, 'payments');
    const other = await produce(core, ['a'], { topic: 'payments' });
    await world.clock.advance(2 * minuteMs);

    expect([large.error, other.error]).toEqual(['NONE', 'NONE']);
    expect(await earliest(core)).toBe(2);
    await stop();
  });
});

describe('compaction of a topic', () => {
  const pairs = (text: string): NewRecord[] =>
    text.split(' ').map((pair) => {
      const [key = '', value = ''] = pair.split('=');
      return { key, value: value.padEnd(700, '.') };
    });

  it('begins when cleanup.policy is altered while the broker runs', async () => {
    const fixture = await coreWithOrders({ log: { segmentBytes: 1024 } });
    const { core, world, stop } = fixture;
    await send(fixture, pairs('a=1 b=1 a=2 a=3 b=2 c=1 d=1'));
    await world.clock.advance(minuteMs);
    const before = await contentOf(fixture);

    await alter(core, 'cleanup.policy=compact');
    await world.clock.advance(minuteMs);

    expect(before).toHaveLength(7);
    expect(await contentOf(fixture)).toEqual(['a=3', 'b=2', 'c=1', 'd=1']);
    await stop();
  });

  it('does not also delete by age, unless it says so', async () => {
    const fixture = await coreWithOrders({ log: { segmentBytes: 1024, retentionMs: minuteMs } });
    const { core, world, stop } = fixture;
    await alter(core, 'cleanup.policy=compact');
    await send(fixture, pairs('a=1 b=1 c=1'));
    await world.clock.advance(5 * minuteMs);
    const compacted = await contentOf(fixture);

    await alter(core, 'cleanup.policy=delete,compact');
    await world.clock.advance(5 * minuteMs);

    expect(compacted).toHaveLength(3);
    expect(await contentOf(fixture)).toEqual([]);
    await stop();
  });

  it('takes no record without a key, and nothing of a request that has one', async () => {
    const { core, logs, stop } = await coreWithOrders();
    const keyed = new BatchBuilder({ maxBytes: 1024 });
    keyed.tryAppend({ key: 'a', value: '1' }, 1_000);
    const first = keyed.build();
    const before = await produce(core, ['keyless']);

    await alter(core, 'cleanup.policy=compact');
    const refused = await produce(core, [], { batches: Buffer.concat([first, batchOf(['b', 'c'])]) });
    const taken = await produce(core, [], { batches: Buffer.from(first) });
    await alter(core, 'cleanup.policy=delete');
    const after = await produce(core, ['keyless']);

    expect(refused).toMatchObject({
      error: 'INVALID_RECORD',
      message:
        'record 0 of the 2 in a batch has no key, and orders is compacted by key; ' +
        'give every record a key, or let the topic have cleanup.policy=delete',
    });
    expect([before, taken, after].map(({ baseOffset }) => baseOffset)).toEqual([0, 1, 2]);
    expect(logs.get('orders-0')?.endOffset).toBe(3);
    await stop();
  });

  it('asks for keys from the first record on when the broker comes back', async () => {
    const { core, world, registry, stop } = await coreWithOrders();
    await alter(core, 'cleanup.policy=compact');
    await stop();

    const again = await startCore({ world, registry });

    expect((await produce(again.core, ['keyless'])).error).toBe('INVALID_RECORD');
    await again.stop();
  });
});
