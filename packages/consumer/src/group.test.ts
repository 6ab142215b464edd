import { openCluster } from '@millrace/client';
import { text } from '@millrace/record';
import { createConsumer } from './consumer.ts';
import { type RunningBroker, runBroker, take } from './running-broker.fixture.ts';

const numbers = (count: number): string[] => Array.from({ length: count }, (_, i) => `${i}`);

describe('a consumer in a group', () => {
  let running: RunningBroker;

  beforeEach(async () => {
    running = await runBroker();
    await running.createTopic('t', 4);
  });

  afterEach(() => running.stop());

  const member = (autoCommitMs: number | false = 5_000) =>
    createConsumer(running.cluster, { group: 'g', topics: ['t'], value: text, autoCommitMs });

  it('goes on after the last record that was done: the one in hand is seen again', async () => {
    await running.send('t', numbers(10));
    const first = member();
    expect((await take(first, 4)).map(({ value }) => value)).toEqual(['0', '1', '2', '3']);
    await first.close();

    const second = member();

    // Breaking off in the middle of '3' did not say that it was done.
    expect((await take(second, 2)).map(({ value }) => value)).toEqual(['3', '4']);
    await second.close();
  });

  it('commits up to and including the record that it is given', async () => {
    await running.send('t', numbers(10));
    const first = member(false);
    const records = await take(first, 6);
    await first.commit(records[2]);
    await first.close();

    const second = member();

    expect((await take(second, 1)).map(({ value }) => value)).toEqual(['3']);
    await second.close();
  });

  it('commits all that was handed out when it is given no record', async () => {
    await running.send('t', numbers(10));
    const first = member(false);
    await take(first, 6);
    await first.commit();
    await first.close();

    const second = member();

    expect((await take(second, 1)).map(({ value }) => value)).toEqual(['6']);
    await second.close();
  });

  it('commits nothing by itself when it was told not to, not even on close (KAFKA-919)', async () => {
    await running.send('t', numbers(5));
    const first = member(false);
    await take(first, 5);
    await first.close();

    const second = member();

    expect((await take(second, 1)).map(({ value }) => value)).toEqual(['0']);
    await second.close();
  });

  it('goes on where it was told to seek, not after the record that was in hand', async () => {
    await running.send('t', numbers(10));
    const first = member();
    const iterator = first[Symbol.asyncIterator]();
    for (let i = 0; i < 6; i += 1) await iterator.next();
    await first.seek({ topic: 't', partition: 0 }, 0);
    await iterator.next();
    await first.close();

    const second = member();

    expect((await take(second, 1)).map(({ value }) => value)).toEqual(['0']);
    await second.close();
  });

  it('shares partitions with another member, and both together see everything', async () => {
    const seen = new Map<string, Set<number>>();
    const consumers = [member(50), member(50)];
    const all = 40;
    const read = async (consumer: ReturnType<typeof member>, index: number): Promise<void> => {
      for await (const record of consumer) {
        const key = `${record.partition}:${record.value}`;
        seen.set(key, (seen.get(key) ?? new Set()).add(index));
        if (seen.size === all) break;
      }
    };

    const reads = consumers.map(read);
    for (const partition of [0, 1, 2, 3]) await running.send('t', numbers(10), { partition });
    while (seen.size < all) await new Promise((resolve) => setTimeout(resolve, 10));
    await Promise.all(consumers.map((consumer) => consumer.close()));
    await Promise.all(reads);

    expect(seen.size).toBe(all);
  });

  it('aborts the signal of its records when the session is over, and comes back', async () => {
    await running.send('t', numbers(3));
    const consumer = member();
    const iterator = consumer[Symbol.asyncIterator]();
    const { value: first } = await iterator.next();
    expect(first.signal.aborted).toBe(false);

    running.sessions.at(-1)?.expire();
    const { value: again } = await iterator.next();

    // What was in hand when everything was lost was not committed.
    expect([first.signal.aborted, again.value, again.signal.aborted]).toEqual([true, '0', false]);
    await iterator.return?.();
    await consumer.close();
  });

  it('needs a registry, and says so', async () => {
    const cluster = openCluster({
      connect: running.broker.connect,
      bootstrap: [{ nodeId: running.broker.nodeId, host: 'in-process', port: 0 }],
    });
    const consumer = createConsumer(cluster, { group: 'g', topics: ['t'] });

    await expect(take(consumer, 1)).rejects.toMatchObject({ code: 'GROUPS_NEED_REGISTRY' });
    await consumer.close();
    await cluster.close();
  });
});

describe('message streams', () => {
  it('share the partitions evenly, each partition feeding exactly one', async () => {
    const running = await runBroker();
    await running.createTopic('t', 6);
    for (let partition = 0; partition < 6; partition += 1)
      await running.send('t', [`${partition}`, `${partition}`], { partition });
    const consumer = createConsumer(running.cluster, { group: 'g' });

    const streams = await consumer.createMessageStreams('t', 3);
    const fed = streams.map(() => [] as string[]);
    let left = 12;
    await Promise.all(
      streams.map(async (stream, index) => {
        for await (const message of stream) {
          fed[index]?.push(message.payload().toString());
          left -= 1;
          if (left === 0) await consumer.close();
        }
      }),
    );

    expect(fed.map((partitions) => new Set(partitions).size)).toEqual([2, 2, 2]);
    expect(new Set(fed.flat()).size).toBe(6);
    await running.stop();
  });

  it('are for a consumer without topics', async () => {
    const running = await runBroker();
    const consumer = createConsumer(running.cluster, { group: 'g', topics: ['t'] });

    await expect(consumer.createMessageStreams('t', 1)).rejects.toMatchObject({ code: 'ALREADY_SUBSCRIBED' });
    await expect(
      createConsumer(running.cluster, { group: 'h' }).createMessageStreams('t', 0),
    ).rejects.toThrow(RangeError);
    await consumer.close();
    await running.stop();
  });
});
