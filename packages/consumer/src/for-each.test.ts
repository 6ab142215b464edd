import { text } from '@millrace/record';
import type { ConsumerRecord } from './config.ts';
import type { Consumer } from './consumer.ts';
import { createConsumer } from './create-consumer.ts';
import { type RunningBroker, runBroker, take } from './running-broker.fixture.ts';

type TextRecord = ConsumerRecord<Buffer | null, string>;

/** Handlers that wait until they are let go, in the order of the records. */
class Workers {
  readonly begun: string[] = [];
  readonly #waiting = new Map<string, { resolve(): void; reject(error: Error): void }>();

  readonly handle = ({ value }: TextRecord): Promise<void> => {
    this.begun.push(value);
    return new Promise((resolve, reject) => {
      this.#waiting.set(value, { resolve, reject });
    });
  };

  async finish(...values: string[]): Promise<void> {
    for (const value of values) this.#waiting.get(value)?.resolve();
    await turns();
  }

  async fail(value: string): Promise<void> {
    this.#waiting.get(value)?.reject(new Error(`cannot do ${value}`));
    await turns();
  }
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

describe('forEach', () => {
  let running: RunningBroker;
  let consumer: Consumer<Buffer | null, string>;
  let workers: Workers;

  beforeEach(async () => {
    running = await runBroker();
    await running.createTopic('t');
    workers = new Workers();
    consumer = createConsumer(running.cluster, {
      group: 'g',
      topics: ['t'],
      value: text,
      autoCommitMs: false,
    });
  });
  afterEach(async () => {
    await consumer.close();
    await running.stop();
  });

  const done = (): number | undefined => consumer.positions()[0]?.offset;
  const begun = async (count: number): Promise<void> => {
    while (workers.begun.length < count) await turns();
  };

  it('works on so many records at a time as it is told, and no more', async () => {
    await running.send('t', ['0', '1', '2', '3', '4']);

    const working = consumer.forEach(workers.handle, { concurrency: 3 });
    await begun(3);
    await turns();
    expect(workers.begun).toEqual(['0', '1', '2']);

    await workers.finish('1');
    expect(workers.begun).toEqual(['0', '1', '2', '3']);
    await workers.finish('0', '2', '3');
    await workers.finish('4');
    await consumer.close();
    await working;
  });

  it('is done up to the first record that is not, whatever is done after it', async () => {
    await running.send('t', ['0', '1', '2', '3']);
    const working = consumer.forEach(workers.handle, { concurrency: 4 });
    await begun(4);

    await workers.finish('1', '3');
    expect(done()).toBe(0);
    await workers.finish('0');
    expect(done()).toBe(2);
    await workers.finish('2');
    expect(done()).toBe(4);
    await consumer.close();
    await working;
  });

  it('does those of one key one after the other, and others meanwhile', async () => {
    await running.send('t', ['a0', 'a1', 'b0', 'a2'], { keyed: true });
    const working = consumer.forEach(workers.handle, { concurrency: 4 });
    await begun(2);
    await turns();
    expect(workers.begun).toEqual(['a0', 'b0']);

    await workers.finish('a0');
    expect(workers.begun).toEqual(['a0', 'b0', 'a1']);
    await workers.finish('b0', 'a1');
    expect(workers.begun).toEqual(['a0', 'b0', 'a1', 'a2']);
    await workers.finish('a2');
    await consumer.close();
    await working;
  });

  it('rejects with the first failure when all that was begun has ended; the failed record comes again', async () => {
    await running.send('t', ['0', '1', '2']);
    let isOver = false;
    const working = consumer.forEach(workers.handle, { concurrency: 3 }).finally(() => {
      isOver = true;
    });
    working.catch(() => {});
    await begun(3);

    await workers.fail('1');
    expect(isOver).toBe(false);
    await workers.finish('0', '2');

    await expect(working).rejects.toThrow('cannot do 1');
    expect(done()).toBe(1);
    await consumer.commit();
    await consumer.close();
  });

  it('ends with its signal once what is in hand is done, and commits that', async () => {
    await running.send('t', ['0', '1', '2', '3']);
    const stop = new AbortController();
    const working = consumer.forEach(workers.handle, { concurrency: 3, signal: stop.signal });
    await begun(3);

    stop.abort();
    await workers.finish('0', '1');
    // Without a record: what is done, not what is in hand.
    await consumer.commit();
    await workers.finish('2');
    await working;
    await consumer.close();

    expect(workers.begun).toEqual(['0', '1', '2']);
    const next = createConsumer(running.cluster, { group: 'g', topics: ['t'], value: text });
    expect((await take(next, 2)).map(({ value }) => value)).toEqual(['2', '3']);
    await next.close();
  });

  it('goes where a seek sends it, whatever was in hand', async () => {
    await running.send('t', ['0', '1', '2']);
    const working = consumer.forEach(workers.handle, { concurrency: 2 });
    await begun(2);

    await consumer.seek({ topic: 't', partition: 0 }, 2);
    await workers.finish('0', '1');
    await begun(3);

    expect(workers.begun).toEqual(['0', '1', '2']);
    expect(done()).toBe(2);
    await workers.finish('2');
    expect(done()).toBe(3);
    await consumer.close();
    await working;
  });

  it('gives a partition back when the last in hand is done', async () => {
    await running.createTopic('two', 2);
    await running.send('two', ['0', '1'], { partition: 0 });
    await running.send('two', ['2', '3'], { partition: 1 });
    const one = createConsumer(running.cluster, { group: 'pair', topics: ['two'], value: text });
    const working = one.forEach(workers.handle, { concurrency: 4 });
    await begun(4);
    const other = createConsumer(running.cluster, { group: 'pair', topics: ['two'], value: text });
    const taken = take(other, 1);
    await turns();
    expect(other.positions()).toEqual([]);

    await workers.finish('0', '1', '2', '3');
    while (other.positions().length === 0) await turns();
    await running.send('two', ['4'], { partition: 0 });
    await running.send('two', ['5'], { partition: 1 });

    expect(['4', '5']).toContain((await taken)[0]?.value);
    await begun(5);
    await workers.finish('4', '5');
    await one.close();
    await other.close();
    await working;
  });

  it.each([0, 1.5, Number.NaN])('refuses a concurrency of %d', async (concurrency) => {
    await expect(consumer.forEach(workers.handle, { concurrency })).rejects.toThrow(RangeError);
  });
});
