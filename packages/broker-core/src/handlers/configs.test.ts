import type { BrokerCore } from '../broker-core.ts';
import { contextOf, createTopic, only, produce, startCore } from '../testing/core-fixture.ts';

type Change = { name: string; value?: string };

async function alter(core: BrokerCore, changes: Change[], name = 'orders', validateOnly = false) {
  const answer = await core.api.alterConfigs(
    { resources: [{ type: 'topic', name, changes }], validateOnly },
    contextOf(),
  );
  return only(answer.resources);
}

async function describeResource(core: BrokerCore, type: 'topic' | 'broker', name: string, names?: string[]) {
  const resource = names === undefined ? { type, name } : { type, name, names };
  return only((await core.api.describeConfigs({ resources: [resource] }, contextOf())).resources);
}

describe('alterConfigs and describeConfigs', () => {
  it('describe once what is named often', async () => {
    const { core, stop } = await startCore({});
    await createTopic(core, 'orders');
    const resource = { type: 'topic' as const, name: 'orders' };

    const { resources } = await core.api.describeConfigs({ resources: [resource, resource] }, contextOf());

    expect(resources.map(({ error, entries }) => [error, entries.length > 0])).toEqual([
      ['NONE', true],
      ['INVALID_REQUEST', false],
    ]);
    await stop();
  });

  it('apply to the open log', async () => {
    const { core, logs, stop } = await startCore();
    await createTopic(core, 'orders');

    const altered = await alter(core, [
      { name: 'max.message.bytes', value: '2000' },
      { name: 'segment.bytes', value: '1024' },
    ]);
    const tooLarge = await produce(core, ['x'.repeat(3_000)]);
    for (let count = 0; count < 5; count++) await produce(core, ['x'.repeat(900)]);

    expect(altered.error).toBe('NONE');
    expect(tooLarge).toMatchObject({ error: 'MESSAGE_TOO_LARGE', message: expect.stringContaining('2000') });
    expect(logs.get('orders-0')?.sizeInBytes).toBeGreaterThan(4_000);
    await stop();
  });

  it('raise the limit of a topic whose log is open', async () => {
    const { core, stop } = await startCore();
    await createTopic(core, 'orders');
    const large = 'x'.repeat(3 * 1024 * 1024);

    const before = await produce(core, [large]);
    await alter(core, [{ name: 'max.message.bytes', value: '8000000' }]);
    const after = await produce(core, [large]);

    expect(before.error).toBe('MESSAGE_TOO_LARGE');
    expect(after.error).toBe('NONE');
    await stop();
  });

  it('change what is named and leave the rest, also when asked at the same time', async () => {
    const { core, stop } = await startCore();
    await createTopic(core, 'orders');

    await Promise.all([
      alter(core, [{ name: 'flush.ms', value: '7' }]),
      alter(core, [{ name: 'segment.bytes', value: '4096' }]),
    ]);
    await alter(core, [{ name: 'flush.ms' }]);

    expect(
      (await describeResource(core, 'topic', 'orders', ['segment.bytes', 'flush.ms'])).entries,
    ).toMatchObject([
      { name: 'segment.bytes', value: '4096', source: 'topic' },
      { name: 'flush.ms', value: '0', source: 'default' },
    ]);
    await stop();
  });

  it('refuse what makes no sense and change nothing', async () => {
    const { core, stop } = await startCore();
    await createTopic(core, 'orders');

    const unknown = await alter(core, [
      { name: 'flush.ms', value: '7' },
      { name: 'flush.seconds', value: '7' },
    ]);
    const checked = await alter(core, [{ name: 'flush.ms', value: '7' }], 'orders', true);
    const missing = await alter(core, [], 'nothing');

    expect(unknown).toMatchObject({
      error: 'INVALID_CONFIG',
      message: expect.stringContaining("'flush.ms'"),
    });
    expect(checked.error).toBe('NONE');
    expect(missing.error).toBe('UNKNOWN_TOPIC_OR_PARTITION');
    expect((await describeResource(core, 'topic', 'orders', ['flush.ms'])).entries).toMatchObject([
      { value: '0', source: 'default' },
    ]);
    await stop();
  });

  it('say of a broker what holds for its topics, by its own id only', async () => {
    const { core, stop } = await startCore({ nodeId: 3, log: { segmentBytes: 4096 } });

    const own = await describeResource(core, 'broker', '3', ['segment.bytes', 'flush.ms']);
    const other = await describeResource(core, 'broker', '4');
    const altered = await core.api.alterConfigs(
      { resources: [{ type: 'broker', name: '3', changes: [] }] },
      contextOf(),
    );

    expect(own.entries).toMatchObject([
      { value: '4096', source: 'broker', readOnly: true },
      { value: '0', source: 'default', readOnly: true },
    ]);
    expect(other.error).toBe('INVALID_REQUEST');
    expect(altered.resources).toMatchObject([{ error: 'INVALID_REQUEST' }]);
    await stop();
  });
});
