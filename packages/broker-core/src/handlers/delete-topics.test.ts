import { contextOf, createTopic, only, produce, startCore } from '../testing/core-fixture.ts';

/** Lets everything happen that needs no time. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('deleteTopics', () => {
  it('frees the name at once and removes the files', async () => {
    const { core, logs, stop } = await startCore();
    await createTopic(core, 'orders', 2);
    await produce(core, ['a']);

    const answer = await core.api.deleteTopics(
      { timeoutMs: 1_000, topics: [{ name: 'orders' }, { name: 'nothing' }] },
      contextOf(),
    );
    const metadata = await core.api.metadata({}, contextOf());
    await settle();

    expect(answer.topics).toMatchObject([
      { name: 'orders', error: 'NONE' },
      { name: 'nothing', error: 'UNKNOWN_TOPIC_OR_PARTITION' },
    ]);
    expect(metadata.topics).toEqual([]);
    expect(await logs.names()).toEqual([]);
    await stop();
  });

  it('deletes only the topic of the id that was meant', async () => {
    const { core, stop } = await startCore();
    const topicId = await createTopic(core, 'orders');
    const remove = async (id: string) =>
      only(
        (
          await core.api.deleteTopics(
            { timeoutMs: 1_000, topics: [{ name: 'orders', topicId: id }] },
            contextOf(),
          )
        ).topics,
      );

    expect((await remove('another')).error).toBe('UNKNOWN_TOPIC_ID');
    expect((await produce(core, ['a'])).error).toBe('NONE');
    expect((await remove(topicId)).error).toBe('NONE');
    expect((await produce(core, ['b'])).error).toBe('UNKNOWN_TOPIC_OR_PARTITION');
    await stop();
  });
});
