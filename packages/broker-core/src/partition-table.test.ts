import { memoryRegistry, type PartitionNode } from '@millrace/coordination';
import { openLogDirectory } from '@millrace/log';
import { testWorld } from '@millrace/runtime/testing';
import { MetadataView } from './metadata-view.ts';
import { PartitionTable } from './partition-table.ts';

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const ledBy = (
  leader: number | undefined,
  leaderIncarnation: number,
  leaderEpoch: number,
): PartitionNode => ({
  ...(leader === undefined ? {} : { leader, leaderIncarnation }),
  leaderEpoch,
  inSync: [{ nodeId: 1, incarnation: 0 }],
  writer: 'test',
});

/** Broker 1 under incarnation 10, with a topic of one partition. */
async function tableOfOne() {
  const world = testWorld();
  const logs = await openLogDirectory('/data', {}, world);
  const view = new MetadataView();
  const table = new PartitionTable(
    {
      nodeId: 1,
      view,
      logs,
      logOptions: {},
      durability: 'flushed',
      onAdvance: () => {},
      onChange: () => {},
    },
    world,
  );
  view.listen(table);
  const join = (incarnation: number) => table.join({ registry: memoryRegistry().session(), incarnation });
  join(10);
  const topic = view.setTopic({ id: 'a', name: 'orders', replicas: [[1]], config: {}, writer: 'test' });
  const say = async (state: PartitionNode) => {
    view.setPartition(topic, 0, state);
    await settle();
    return table.find('orders', 0, undefined);
  };
  return { table, view, topic, logs, join, say };
}

describe('partition table', () => {
  it('leads exactly what the state gives to this broker and its present incarnation', async () => {
    const { table, say } = await tableOfOne();

    expect(await say(ledBy(1, 9, 1))).toBeUndefined();
    expect(table.refusal('orders', 0, undefined).error).toBe('NOT_LEADER_OR_FOLLOWER');
    expect((await say(ledBy(1, 10, 2)))?.leaderEpoch).toBe(2);
    expect(await say(ledBy(2, 10, 3))).toBeUndefined();
    expect(await say(ledBy(undefined, 0, 4))).toBeUndefined();
    expect(table.refusal('orders', 0, undefined).error).toBe('LEADER_NOT_AVAILABLE');
  });

  it('leads nothing in a new session until a new state says so', async () => {
    const { table, join, say } = await tableOfOne();
    const before = await say(ledBy(1, 10, 1));

    table.resign();
    const without = table.find('orders', 0, undefined);
    join(20);
    await settle();
    const stale = table.find('orders', 0, undefined);

    expect(before?.leads).toBe(false);
    expect([without, stale]).toEqual([undefined, undefined]);
    expect((await say(ledBy(1, 20, 2)))?.leaderEpoch).toBe(2);
  });

  it('ends one leadership before the next begins, with what was appended still there', async () => {
    const { say, logs } = await tableOfOne();
    const first = await say(ledBy(1, 10, 1));
    await logs.get('orders-0')?.append({ value: 'a' });

    const second = await say(ledBy(1, 10, 5));

    expect(first?.leads).toBe(false);
    expect(second).toMatchObject({ leads: true, leaderEpoch: 5, logEndOffset: 1 });
    expect(second?.endOffsetForEpoch(1)).toEqual({ leaderEpoch: 1, endOffset: 1 });
  });

  it('follows the last of many changes', async () => {
    const { table, view, topic } = await tableOfOne();

    for (let epoch = 1; epoch <= 50; epoch++) {
      view.setPartition(topic, 0, epoch % 3 === 0 ? ledBy(undefined, 0, epoch) : ledBy(1, 10, epoch));
      if (epoch % 7 === 0) await Promise.resolve();
    }
    await settle();

    expect(table.find('orders', 0, undefined)?.leaderEpoch).toBe(50);
  });

  it('takes no requests once drained, though it leads', async () => {
    const { table, say } = await tableOfOne();
    const partition = await say(ledBy(1, 10, 1));

    await table.drain();

    expect(partition?.leads).toBe(true);
    expect(table.find('orders', 0, undefined)).toBeUndefined();
  });

  it('forgets a topic whose name stands for another, and keeps its log while nobody deleted it', async () => {
    const { table, view, say, logs } = await tableOfOne();
    await say(ledBy(1, 10, 1));

    view.setTopic({ id: 'b', name: 'orders', replicas: [[2]], config: {}, writer: 'test' });
    await settle();

    expect(table.find('orders', 0, undefined)).toBeUndefined();
    expect(table.find('orders', 0, 'a')).toBeUndefined();
    expect(await logs.names()).toEqual(['orders-0']);
  });
});
