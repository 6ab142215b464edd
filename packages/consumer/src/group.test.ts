import { openCluster } from '@millrace/client';
import type { Assignor } from '@millrace/coordination';
import { json, text } from '@millrace/record';
import { nodeWorld } from '@millrace/runtime/node';
import { createConsumer } from './create-consumer.ts';
import { type RunningBroker, runBroker, type Tamper, take, tampering } from './running-broker.fixture.ts';

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

  it('commits a record in hand while its partition is given back, and the next owner goes on behind it', async () => {
    await running.send('t', numbers(5));
    // All to the newcomer.
    const assignor: Assignor = (members, partitions, previous) => {
      const owner =
        members.find(({ id }) => !previous.has(id)) ??
        members.find(({ id }) => previous.get(id)?.length !== 0) ??
        members[0];
      return new Map(members.map((one) => [one.id, one === owner ? [...partitions] : []]));
    };
    const options = { group: 'g', topics: ['t'], value: text, autoCommitMs: false, assignor } as const;
    const first = createConsumer(running.cluster, options);
    const iterator = first[Symbol.asyncIterator]();
    const { value: record } = await iterator.next();

    const second = createConsumer(running.cluster, options);
    const taken = take(second, 1);
    await new Promise((resolve) => record.signal.addEventListener('abort', resolve));
    // Still within the grace that work in hand is given.
    await new Promise((resolve) => setTimeout(resolve, 50));
    await first.commit(record);
    const next = iterator.next();

    expect((await taken).map(({ value }) => value)).toEqual(['1']);
    await first.close();
    expect((await next).done).toBe(true);
    await second.close();
  });

  it('refuses the commit of a record whose partition it does not hold any more', async () => {
    await running.send('t', numbers(5));
    const consumer = member(false);
    const iterator = consumer[Symbol.asyncIterator]();
    const { value: record } = await iterator.next();

    running.sessions.at(-1)?.expire();
    const refusal = { code: 'NOT_ASSIGNED', message: expect.stringContaining('the commit was not taken') };
    await expect(consumer.commit(record)).rejects.toMatchObject(refusal);
    const { value: again } = await iterator.next();
    // The partition is back, but not by the claim under which the first was handed out.
    await expect(consumer.commit(record)).rejects.toMatchObject(refusal);
    await consumer.commit(again);

    await consumer.close();
    await expect(consumer.commit(again)).rejects.toMatchObject({ code: 'CONSUMER_CLOSED' });
  });

  it('does not take back on close what it was told is done', async () => {
    await running.send('t', numbers(10));
    const first = member();
    const iterator = first[Symbol.asyncIterator]();
    for (let i = 0; i < 4; i += 1) await iterator.next();
    await first.commit();
    await first.close();

    const second = member();

    expect((await take(second, 1)).map(({ value }) => value)).toEqual(['4']);
    await second.close();
  });

  it('commits by itself where it was told to go back to', async () => {
    await running.send('t', numbers(10));
    const first = member(20);
    const iterator = first[Symbol.asyncIterator]();
    for (let i = 0; i < 6; i += 1) await iterator.next();
    await first.commit();

    await first.seek({ topic: 't', partition: 0 }, 2);
    await new Promise((resolve) => setTimeout(resolve, 100));
    running.sessions.at(-1)?.expire();
    const { value: record } = await iterator.next();

    expect(record.value).toBe('2');
    await first.close();
  });

  it('waits for a topic that is not there yet, and tells the log which one was meant perhaps', async () => {
    const warnings: [object, string][] = [];
    const logger = {
      ...nodeWorld.logger,
      warn: (...warning: [object, string]) => void warnings.push(warning),
    };
    const options = { group: 'g', topics: ['t', 'oders'], value: text };
    await running.createTopic('orders');
    const consumer = createConsumer(running.cluster, options, { ...nodeWorld, logger });
    const reading = take(consumer, 1);
    while (warnings.length === 0) await new Promise(setImmediate);

    await running.createTopic('oders');
    await running.send('oders', ['here after all']);

    expect((await reading).map(({ value }) => value)).toEqual(['here after all']);
    expect(warnings).toEqual([
      [{ topic: 'oders', hint: "did you mean 'orders'?" }, 'a consumer waits for a topic that is not there'],
    ]);
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

describe('a member of a group of which nothing was committed', () => {
  it('is not held up by a partition whose beginning nobody can tell', async () => {
    const stuck: Tamper<'listOffsets'> = (request, ask) =>
      request.partitions.some(({ topic }) => topic === 'stuck') ? new Promise(() => {}) : ask();
    const running = await runBroker(tampering('listOffsets', stuck));
    await running.createTopic('stuck');
    await running.createTopic('s1');
    await running.send('s1', ['a']);
    const consumer = createConsumer(running.cluster, { group: 'g', topics: /^s/, value: text });
    const iterator = consumer[Symbol.asyncIterator]();
    expect((await iterator.next()).value.value).toBe('a');

    await running.createTopic('s2');
    await running.send('s2', ['b']);

    expect((await iterator.next()).value.value).toBe('b');
    await consumer.close();
    await running.stop();
  });
});

describe('message streams', () => {
  it('give the bytes, whatever serdes the consumer has', async () => {
    const running = await runBroker();
    await running.createTopic('t');
    await running.send('t', ['{"a":1}']);
    const consumer = createConsumer(running.cluster, { group: 'g', value: json<{ a: number }>() });

    const [stream] = await consumer.createMessageStreams('t', 1);
    const payloads: unknown[] = [];
    for await (const message of stream ?? []) {
      payloads.push(message.payload());
      break;
    }

    expect(payloads).toEqual([Buffer.from('{"a":1}')]);
    await consumer.close();
    await running.stop();
  });

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
