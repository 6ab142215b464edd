import { contextOf, createTopic, fetch, produce, startCore } from './testing/core-fixture.ts';

describe('broker core', () => {
  it('takes records and gives them back', async () => {
    const { core, stop } = await startCore();
    await createTopic(core, 'orders', 2);

    const produced = await produce(core, ['first', 'second'], { partition: 1 });
    const fetched = await fetch(core, { partition: 1 });
    const metadata = await core.api.metadata({}, contextOf());

    expect(produced).toMatchObject({ error: 'NONE', baseOffset: 0 });
    expect(fetched).toMatchObject({ error: 'NONE', highWatermark: 2, values: ['first', 'second'] });
    expect(metadata.topics).toMatchObject([{ name: 'orders', partitions: [{ leader: 1 }, { leader: 1 }] }]);
    await stop();
  });
});
