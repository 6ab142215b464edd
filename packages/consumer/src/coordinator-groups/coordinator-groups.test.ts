import { roundRobinAssignor, stickyAssignor } from '@millrace/coordination';
import { text } from '@millrace/record';
import type { ConsumerOptions } from '../config.ts';
import type { Consumer } from '../consumer.ts';
import { createConsumer } from '../create-consumer.ts';
import { type RunningBroker, runBroker, take } from '../running-broker.fixture.ts';
import { coordinatorGroups } from './coordinator-groups.ts';

const numbers = (count: number): string[] => Array.from({ length: count }, (_, i) => `${i}`);

describe('a consumer in a group that a broker coordinates', () => {
  let running: RunningBroker;
  let consumers: Consumer<Buffer | null, string>[];

  beforeEach(async () => {
    running = await runBroker();
    await running.createTopic('t', 4);
    consumers = [];
  });
  afterEach(async () => {
    await Promise.all(consumers.map((consumer) => consumer.close()));
    await running.stop();
  });

  const member = (
    options: Partial<Extract<ConsumerOptions, { group: string }>> = {},
  ): Consumer<Buffer | null, string> => {
    const consumer = createConsumer(running.cluster, {
      group: 'g',
      topics: ['t'],
      ...options,
      value: text,
      backend: coordinatorGroups(running.cluster),
    });
    consumers.push(consumer);
    return consumer;
  };
  const until = async (met: () => boolean): Promise<void> => {
    while (!met()) await new Promise((resolve) => setTimeout(resolve, 10));
  };

  it('goes on after the last record that was done', async () => {
    await running.send('t', numbers(10));
    const first = member();
    expect((await take(first, 4)).map(({ value }) => value)).toEqual(['0', '1', '2', '3']);
    await first.close();

    expect((await take(member(), 2)).map(({ value }) => value)).toEqual(['3', '4']);
  });

  it('commits up to and including the record that it is given', async () => {
    await running.send('t', numbers(10));
    const first = member({ autoCommitMs: false });
    const records = await take(first, 6);
    await first.commit(records[2]);
    await first.close();

    expect((await take(member(), 1)).map(({ value }) => value)).toEqual(['3']);
  });

  it.each([undefined, roundRobinAssignor, stickyAssignor])(
    'shares the partitions with others (%p), and takes them over when one leaves',
    async (assignor) => {
      const chosen = assignor === undefined ? {} : { assignor };
      const [first, second] = [member(chosen), member(chosen)];
      const seen: string[] = [];
      for (const consumer of [first, second])
        void consumer.forEach(({ partition, value }) => void seen.push(`${partition}:${value}`));
      await until(() => [first, second].every((consumer) => consumer.positions().length === 2));
      for (const partition of [0, 1, 2, 3]) await running.send('t', ['a'], { partition });
      await until(() => seen.length >= 4);

      await first.close();
      for (const partition of [0, 1, 2, 3]) await running.send('t', ['b'], { partition });
      await until(() => seen.length >= 8);

      expect(seen.sort()).toEqual([0, 1, 2, 3].flatMap((partition) => [`${partition}:a`, `${partition}:b`]));
      expect(second.positions()).toHaveLength(4);
    },
  );

  it('lets the record in hand be done, and commits it, before another has its partition', async () => {
    await running.send('t', numbers(5));
    const first = member();
    const iterator = first[Symbol.asyncIterator]();
    const { value: record } = await iterator.next();

    const second = member();
    const seen: string[] = [];
    void second.forEach(({ value }) => void seen.push(value));
    await new Promise((resolve) => record.signal.addEventListener('abort', resolve));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(seen).toEqual([]);
    // Asking for the next one says that this one is done.
    const next = iterator.next();
    await until(() => first.positions().length + second.positions().length === 4);
    await first.close();
    await next;

    await until(() => seen.length >= 4);
    expect(seen).not.toContain(record.value);
  });

  it('reads topics that match, also those that come later', async () => {
    const seen: string[] = [];
    const enter = (): Consumer<Buffer | null, string> => {
      const consumer = member({ topics: /^t/ });
      void consumer.forEach(({ topic, value }) => void seen.push(`${topic}: ${value}`));
      return consumer;
    };
    const first = enter();
    await until(() => first.positions().length === 4);

    await running.createTopic('t2');
    await running.send('t2', ['late']);

    // The leader looks every ten seconds; another member has everybody look at once.
    enter();
    await until(() => seen.length > 0);
    expect(seen).toEqual(['t2: late']);
  });

  it('waits for a topic that is not there', async () => {
    const consumer = member({ topics: ['t', 'later'] });
    const reading = take(consumer, 1);
    await until(() => consumer.positions().length === 4);

    await running.createTopic('later');
    await running.send('later', ['here after all']);

    expect((await reading).map(({ value }) => value)).toEqual(['here after all']);
  });

  it('tells its reader when the assignor breaks its contract', async () => {
    const greedy = () => new Map([['nobody', [{ topic: 't', partition: 0 }]]]);

    await expect(take(member({ assignor: greedy }), 1)).rejects.toThrow('who did not ask for it');
  });

  it('is refused where the others know none of its assignors', async () => {
    const first = member({ assignor: stickyAssignor });
    const reading = take(first, 1).catch(() => []);
    await until(() => first.positions().length === 4);

    await expect(take(member({ assignor: roundRobinAssignor }), 1)).rejects.toMatchObject({
      code: 'INCONSISTENT_GROUP_PROTOCOL',
      hint: expect.stringContaining('roundrobin'),
    });
    await first.close();
    await reading;
  });

  it('is told when the name belongs to a group of another kind', async () => {
    await running.send('t', ['1']);
    const own = createConsumer(running.cluster, { group: 'g', topics: ['t'] });
    await take(own, 1);

    await expect(take(member(), 1)).rejects.toMatchObject({
      code: 'INCONSISTENT_GROUP_PROTOCOL',
      hint: expect.stringContaining('another kind'),
    });
    await own.close();
  });
});
