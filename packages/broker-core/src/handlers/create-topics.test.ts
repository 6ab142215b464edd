import type { RequestOf } from '@millrace/protocol';
import type { BrokerCore } from '../broker-core.ts';
import { contextOf, createTopic, only, produce, startCore } from '../testing/core-fixture.ts';

type Wish = RequestOf<'createTopics'>['topics'][number];

async function create(
  core: BrokerCore,
  wish: Wish,
  more: { validateOnly?: boolean; timeoutMs?: number } = {},
) {
  const answer = await core.api.createTopics({ timeoutMs: 5_000, ...more, topics: [wish] }, contextOf());
  return only(answer.topics);
}

describe('createTopics', () => {
  it('answers once every partition can be written to', async () => {
    const { core, stop } = await startCore();

    const created = await create(core, { name: 'orders', partitions: 20 });
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, partition) => produce(core, ['a'], { partition })),
    );

    expect(created).toMatchObject({ name: 'orders', error: 'NONE', partitions: 20 });
    expect(answers.map(({ error }) => error)).toEqual(Array(20).fill('NONE'));
    await stop();
  });

  it('gives what the broker gives when the request says nothing', async () => {
    const { core, stop } = await startCore({ autoCreateTopics: { partitions: 3, replicas: 1 } });

    expect(await create(core, { name: 'orders' })).toMatchObject({ error: 'NONE', partitions: 3 });
    await stop();
  });

  it('makes a topic once, however many ask at the same time', async () => {
    const { core, stop } = await startCore();

    const answers = await Promise.all(
      [1, 2, 3].map((partitions) => create(core, { name: 'orders', partitions })),
    );

    expect(answers.map(({ error }) => error).sort()).toEqual([
      'NONE',
      'TOPIC_ALREADY_EXISTS',
      'TOPIC_ALREADY_EXISTS',
    ]);
    await stop();
  });

  it.each<[string, Wish, string, string]>([
    ['a name with a slash', { name: 'a/b' }, 'INVALID_TOPIC_EXCEPTION', "'a/b'"],
    ['a name that climbs', { name: '..' }, 'INVALID_TOPIC_EXCEPTION', "'..'"],
    ['no partitions', { name: 'orders', partitions: 0 }, 'INVALID_PARTITIONS', '0 partitions'],
    ['too many', { name: 'orders', partitions: 10_001 }, 'INVALID_PARTITIONS', '1 to 10000'],
    ['no replicas', { name: 'orders', replicas: 0 }, 'INVALID_REPLICATION_FACTOR', '0 replicas'],
    [
      'more replicas than brokers',
      { name: 'orders', replicas: 2 },
      'INVALID_REPLICATION_FACTOR',
      '1 brokers',
    ],
    [
      'a broker that is not there',
      { name: 'orders', assignment: [[1], [9]] },
      'INVALID_REPLICATION_FACTOR',
      'broker 9',
    ],
    [
      'an unknown configuration',
      { name: 'orders', config: [{ name: 'segment.size', value: '1' }] },
      'INVALID_CONFIG',
      "'segment.bytes'",
    ],
  ])('refuses %s', async (_, wish, code, text) => {
    const { core, stop } = await startCore();

    const answer = await create(core, wish);

    expect(answer).toMatchObject({ error: code, message: expect.stringContaining(text) });
    expect((await core.api.metadata({}, contextOf())).topics).toEqual([]);
    await stop();
  });

  it('only checks when asked to', async () => {
    const { core, stop } = await startCore();

    const checked = await create(core, { name: 'orders', partitions: 4 }, { validateOnly: true });

    expect(checked).toMatchObject({ error: 'NONE', partitions: 4 });
    expect((await core.api.metadata({}, contextOf())).topics).toEqual([]);
    await stop();
  });

  it('makes a deleted topic anew, empty and under another id', async () => {
    const { core, stop } = await startCore();
    const first = await createTopic(core, 'orders');
    await produce(core, ['old']);

    await core.api.deleteTopics({ timeoutMs: 1_000, topics: [{ name: 'orders' }] }, contextOf());
    const second = await createTopic(core, 'orders');

    expect(second).not.toBe(first);
    expect(await produce(core, ['new'])).toMatchObject({ error: 'NONE', baseOffset: 0 });
    await stop();
  });
});
