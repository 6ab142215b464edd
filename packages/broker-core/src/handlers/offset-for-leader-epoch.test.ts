import { memoryRegistry } from '@millrace/coordination';
import { testWorld } from '@millrace/runtime/testing';
import { contextOf, createTopic, produce, startCore } from '../testing/core-fixture.ts';

describe('offsetForLeaderEpoch', () => {
  it('says where each epoch ended', async () => {
    const world = testWorld();
    const registry = memoryRegistry();
    const before = await startCore({ world, registry });
    await createTopic(before.core, 'orders');
    await produce(before.core, ['a', 'b']);
    await before.stop();
    const { core, stop } = await startCore({ world, registry });
    await produce(core, ['c']);

    const ask = async (leaderEpoch: number) =>
      (
        await core.api.offsetForLeaderEpoch(
          { partitions: [{ topic: 'orders', partition: 0, leaderEpoch }] },
          contextOf(),
        )
      ).partitions[0];

    const led = (await core.api.metadata({ topics: ['orders'] }, contextOf())).topics[0]?.partitions[0];
    expect(await ask(1)).toMatchObject({ error: 'NONE', leaderEpoch: 1, endOffset: 2 });
    expect(await ask(led?.leaderEpoch ?? -1)).toMatchObject({ error: 'NONE', endOffset: 3 });
    await stop();
  });

  it('refuses partitions that are not led here and epochs that are not present', async () => {
    const { core, stop } = await startCore();
    await createTopic(core, 'orders');

    const answer = await core.api.offsetForLeaderEpoch(
      {
        partitions: [
          { topic: 'orders', partition: 4, leaderEpoch: 1 },
          { topic: 'orders', partition: 0, leaderEpoch: 1, currentLeaderEpoch: 0 },
        ],
      },
      contextOf(),
    );

    expect(answer.partitions).toMatchObject([
      { error: 'UNKNOWN_TOPIC_OR_PARTITION' },
      { error: 'FENCED_LEADER_EPOCH' },
    ]);
    await stop();
  });
});
