import type { CoreApi } from '@millrace/broker-core';
import type { OffsetStore } from '@millrace/group-coordinator';
import { type MemoryFileSystem, memoryFileSystem } from '@millrace/runtime';
import { type TestWorld, testWorld } from '@millrace/runtime/testing';
import { offsetStoreOver, offsetTopic } from './offset-topic.ts';
import { type Broker, startBroker } from './start-broker.ts';

describe('the topic that keeps the offsets of groups', () => {
  let files: MemoryFileSystem;
  let world: TestWorld;
  let broker: Broker;
  let store: OffsetStore;

  const start = async (): Promise<void> => {
    broker = await startBroker({ dataDirectory: '/data' }, world);
    store = offsetStoreOver(broker.api as CoreApi, broker.nodeId, world);
  };
  beforeEach(() => {
    files = memoryFileSystem();
    world = testWorld(1, files);
    return start();
  });
  afterEach(() => broker.stop());

  const entry = (key: string, value: string | null) => ({
    key: Buffer.from(key),
    value: value === null ? null : Buffer.from(value),
  });
  const kept = async (groupId: string): Promise<string[]> => {
    const found: string[] = [];
    for await (const { key, value } of store.read(await store.placeOf(groupId)))
      found.push(`${String(key)}=${value === null ? 'gone' : String(value)}`);
    return found;
  };

  it('is made for the first group, compacted, and not by asking what is led', async () => {
    expect(await store.led()).toEqual([]);

    const place = await store.placeOf('orders');

    expect(place).toMatchObject({ nodeId: 1, leaderEpoch: expect.any(Number) });
    expect(await store.placeOf('orders')).toEqual(place);
    expect(await store.led()).toHaveLength(8);
    const connection = await broker.connect({ nodeId: undefined, host: '', port: 0 });
    const { resources } = await connection.call('describeConfigs', {
      resources: [{ type: 'topic', name: offsetTopic }],
    });
    expect(resources[0]?.entries).toContainEqual(
      expect.objectContaining({ name: 'cleanup.policy', value: 'compact' }),
    );
  });

  it('is made once, however many ask at once', async () => {
    const places = await Promise.all(Array.from({ length: 20 }, (_, i) => store.placeOf(`group-${i}`)));

    expect(new Set(places.map(({ partition }) => partition)).size).toBeGreaterThan(4);
  });

  it('gives back what was appended, oldest first, also after a restart', async () => {
    const place = await store.placeOf('orders');
    await store.append(place, [entry('a', '1'), entry('b', '2')]);
    await store.append(place, [entry('a', '3'), entry('b', null)]);
    expect(await kept('orders')).toEqual(['a=1', 'b=2', 'a=3', 'b=gone']);

    await broker.stop();
    await start();

    expect(await kept('orders')).toEqual(['a=1', 'b=2', 'a=3', 'b=gone']);
    expect((await store.placeOf('orders')).leaderEpoch).toBeGreaterThan(place.leaderEpoch);
  });

  it('takes more than fits in one batch', async () => {
    const place = await store.placeOf('orders');

    await store.append(
      place,
      Array.from({ length: 3 }, (_, i) => entry(`k${i}`, 'x'.repeat(300_000))),
    );

    expect(await kept('orders')).toHaveLength(3);
  });

  it('takes and gives nothing under a leadership that is over', async () => {
    const place = await store.placeOf('orders');
    await broker.stop();
    await start();

    await expect(store.append(place, [entry('a', '1')])).rejects.toMatchObject({ code: 'NOT_COORDINATOR' });
    const reading = store.read(place)[Symbol.asyncIterator]();
    await expect(reading.next()).rejects.toMatchObject({ code: 'NOT_COORDINATOR' });
  });
});
