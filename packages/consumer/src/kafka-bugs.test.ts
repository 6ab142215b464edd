import { text } from '@millrace/record';
import { createConsumer } from './create-consumer.ts';
import { type RunningBroker, runBroker, take } from './running-broker.fixture.ts';

const numbers = (count: number): string[] => Array.from({ length: count }, (_, i) => `${i}`);

// Rows 13 to 15 of what Kafka's consumers got wrong; rows 12 and 13 in the registry: coordination's tests name them.
describe('a consumer', () => {
  let running: RunningBroker;

  beforeEach(async () => {
    running = await runBroker();
    await running.createTopic('t');
  });
  afterEach(() => running.stop());

  const member = (more: object = {}) =>
    createConsumer(running.cluster, { group: 'g', topics: ['t'], value: text, ...more });

  it('loses nothing of what it had fetched and not handed out when it ends (KAFKA-154, 228)', async () => {
    await running.send('t', numbers(100));
    const first = member({ autoCommitMs: false });
    const taken = await take(first, 3);
    await first.commit(taken[2]);
    await first.close();

    const second = member();

    expect((await take(second, 97)).map(({ value }) => value)).toEqual(numbers(100).slice(3));
    await second.close();
  });

  it('goes on inside a compressed batch where it was committed (KAFKA-546)', async () => {
    await running.send('t', numbers(20), { compression: 'gzip' });
    const first = member({ autoCommitMs: false });
    const taken = await take(first, 8);
    await first.commit(taken[7]);
    await first.close();

    const second = member();

    expect((await take(second, 12)).map(({ offset }) => offset)).toEqual(
      Array.from({ length: 12 }, (_, i) => 8 + i),
    );
    await second.close();
  });

  it('gets a record that is larger than all its limits, and what comes after (KAFKA-160, 994)', async () => {
    await running.send('t', ['x'.repeat(900_000), 'small'], { apart: true });
    const consumer = createConsumer(running.cluster, {
      partitions: [{ topic: 't', partition: 0 }],
      value: text,
      bufferedBytes: 1024,
    });

    expect((await take(consumer, 2)).map(({ value }) => value.length)).toEqual([900_000, 5]);
    await consumer.close();
  });

  it('does not hold up the others of its group with a record that takes long (KAFKA-832)', async () => {
    await running.createTopic('two', 4);
    for (const partition of [0, 1, 2, 3]) await running.send('two', numbers(10), { partition });
    const slow = createConsumer(running.cluster, { group: 'pair', topics: ['two'], value: text });
    const iteration = slow[Symbol.asyncIterator]();
    const inHand = (await iteration.next()).value;

    const quick = createConsumer(running.cluster, { group: 'pair', topics: ['two'], value: text });

    // Of the two partitions that move at least one has nothing in hand, and is given away at once.
    const [first] = await take(quick, 1);
    expect(first?.partition).not.toBe(inHand?.partition);
    await quick.close();
    await slow.close();
  });
});
