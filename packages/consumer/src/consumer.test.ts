import { getEventListeners } from 'node:events';
import { ReadableStream } from 'node:stream/web';
import { json, text } from '@millrace/record';
import { createConsumer } from './create-consumer.ts';
import { type RunningBroker, runBroker, take } from './running-broker.fixture.ts';

const numbers = (count: number, from = 0): string[] => Array.from({ length: count }, (_, i) => `${from + i}`);

describe('a consumer of named partitions', () => {
  let running: RunningBroker;

  beforeEach(async () => {
    running = await runBroker();
  });

  afterEach(() => running.stop());

  it('reads every record of a partition once, in order, over many batches', async () => {
    await running.createTopic('t');
    await running.send('t', numbers(50), { apart: true });
    const consumer = createConsumer(running.cluster, {
      partitions: [{ topic: 't', partition: 0 }],
      value: text,
    });

    const records = await take(consumer, 50);

    expect(records.map(({ offset, value }) => [offset, value])).toEqual(
      numbers(50).map((value, i) => [i, value]),
    );
    await consumer.close();
  });

  it('is a stream that takes no more than is read from it', async () => {
    await running.createTopic('t');
    await running.send('t', numbers(5));
    const consumer = createConsumer(running.cluster, {
      partitions: [{ topic: 't', partition: 0 }],
      value: text,
    });
    const reader = ReadableStream.from(consumer).getReader();

    const first = await reader.read();
    const second = await reader.read();

    expect([first.value?.value, second.value?.value]).toEqual(['0', '1']);
    // Asking for the second has said that the first is done, and nobody has asked for a third.
    expect(consumer.positions()).toMatchObject([{ offset: 1 }]);
    await reader.cancel();
    await consumer.close();
  });

  it('reads all partitions, each in order', async () => {
    await running.createTopic('t', 3);
    for (const partition of [0, 1, 2]) await running.send('t', numbers(20), { partition });
    const consumer = createConsumer(running.cluster, {
      partitions: [0, 1, 2].map((partition) => ({ topic: 't', partition })),
      value: text,
    });

    const records = await take(consumer, 60);

    for (const partition of [0, 1, 2]) {
      const own = records.filter((record) => record.partition === partition);
      expect(own.map(({ value }) => value)).toEqual(numbers(20));
    }
    await consumer.close();
  });

  it.each([
    ['an offset in the middle of a batch', 3, '3'],
    ['the earliest', 'earliest', '0'],
    ['a timestamp', { timestamp: 2_000 }, '5'],
  ] as const)('begins at %s', async (_name, from, first) => {
    await running.createTopic('t');
    await running.send('t', numbers(5), { timestamp: 1_000 });
    await running.send('t', numbers(5, 5), { timestamp: 2_000 });
    const consumer = createConsumer(running.cluster, {
      partitions: [{ topic: 't', partition: 0, from }],
      value: text,
    });

    const [record] = await take(consumer, 1);

    expect(record?.value).toBe(first);
    await consumer.close();
  });

  it('begins at the latest with what comes after', async () => {
    await running.createTopic('t');
    await running.send('t', ['old']);
    const consumer = createConsumer(running.cluster, {
      partitions: [{ topic: 't', partition: 0, from: 'latest' }],
      value: text,
    });
    await consumer.seek({ topic: 't', partition: 0 }, 'latest');

    const reading = take(consumer, 1);
    await running.send('t', ['new']);

    expect((await reading).map(({ value }) => value)).toEqual(['new']);
    await consumer.close();
  });

  it('hands out many records of one partition at a time', async () => {
    await running.createTopic('t', 2);
    for (const partition of [0, 1]) await running.send('t', numbers(100), { partition });
    const consumer = createConsumer(running.cluster, {
      partitions: [0, 1].map((partition) => ({ topic: 't', partition })),
    });

    let left = 200;
    for await (const records of consumer.batches()) {
      expect(new Set(records.map(({ partition }) => partition)).size).toBe(1);
      left -= records.length;
      if (left === 0) break;
    }

    expect(left).toBe(0);
    await consumer.close();
  });

  it('tells for each partition the first record that is not done', async () => {
    await running.createTopic('t');
    await running.send('t', numbers(3));
    const consumer = createConsumer(running.cluster, { partitions: [{ topic: 't', partition: 0 }] });
    const seen: number[] = [];

    expect(consumer.positions()).toEqual([]);
    for await (const { offset } of consumer) {
      seen.push(consumer.positions()[0]?.offset ?? -1);
      if (offset === 2) break;
    }

    expect(seen).toEqual([0, 1, 2]);
    await consumer.close();
    expect(consumer.positions()).toEqual([]);
  });

  it('goes where it is told to seek, also in the middle of what it has fetched', async () => {
    await running.createTopic('t');
    await running.send('t', numbers(10));
    const consumer = createConsumer(running.cluster, {
      partitions: [{ topic: 't', partition: 0 }],
      value: text,
    });
    const seen: string[] = [];

    for await (const record of consumer) {
      seen.push(record.value);
      if (seen.length === 2) await consumer.seek(record, 8);
      if (seen.length === 4) break;
    }

    expect(seen).toEqual(['0', '1', '8', '9']);
    await consumer.close();
  });

  it('goes where it is told to seek at once, though a broker still waits for more at the old place', async () => {
    await running.createTopic('t');
    await running.send('t', numbers(3));
    const consumer = createConsumer(running.cluster, {
      partitions: [{ topic: 't', partition: 0 }],
      value: text,
      maxWaitMs: 60_000,
    });
    await take(consumer, 3);

    await consumer.seek({ topic: 't', partition: 0 }, 1);

    expect((await take(consumer, 2)).map(({ value }) => value)).toEqual(['1', '2']);
    await consumer.close();
  });

  it('refuses to seek to what is no offset', async () => {
    await running.createTopic('t');
    const place = { topic: 't', partition: 0 };
    const consumer = createConsumer(running.cluster, { partitions: [place] });

    for (const offset of [-1, 0.5, Number.NaN])
      await expect(consumer.seek(place, offset)).rejects.toThrow(RangeError);
    expect(() => createConsumer(running.cluster, { partitions: [{ ...place, from: -1 }] })).toThrow(
      RangeError,
    );
    await consumer.close();
  });

  it.each(['earliest', 0] as const)(
    'says that its topic is not there (from %s), and which is',
    async (from) => {
      await running.createTopic('orders');
      const consumer = createConsumer(running.cluster, {
        partitions: [{ topic: 'oders', partition: 0, from }],
      });

      await expect(take(consumer, 1)).rejects.toMatchObject({
        code: 'UNKNOWN_TOPIC_OR_PARTITION',
        hint: "did you mean 'orders'?",
      });
      await running.createTopic('oders');
      await running.send('oders', ['here']);

      // Whoever goes on asks again.
      expect((await take(consumer, 1)).length).toBe(1);
      await consumer.close();
    },
  );

  it('hands out nothing of a paused partition until it is resumed', async () => {
    await running.createTopic('t', 2);
    await running.send('t', numbers(5), { partition: 0 });
    await running.send('t', numbers(5), { partition: 1 });
    const consumer = createConsumer(running.cluster, {
      partitions: [0, 1].map((partition) => ({ topic: 't', partition })),
    });
    await consumer.seek({ topic: 't', partition: 0 }, 'earliest');
    consumer.pause([{ topic: 't', partition: 0 }]);

    const before = await take(consumer, 5);
    consumer.resume([{ topic: 't', partition: 0 }]);
    const after = await take(consumer, 5);

    expect(new Set(before.map(({ partition }) => partition))).toEqual(new Set([1]));
    expect(new Set(after.map(({ partition }) => partition))).toEqual(new Set([0]));
    await consumer.close();
  });

  it('says that an offset is out of range, with the range, until a seek', async () => {
    await running.createTopic('t');
    await running.send('t', numbers(3));
    const consumer = createConsumer(running.cluster, {
      partitions: [{ topic: 't', partition: 0, from: 99 }],
      value: text,
    });

    for (let attempt = 0; attempt < 2; attempt += 1)
      await expect(take(consumer, 1)).rejects.toMatchObject({
        code: 'OFFSET_OUT_OF_RANGE',
        details: { topic: 't', partition: 0, offset: 99, logStartOffset: 0, highWatermark: 3 },
      });
    await consumer.seek({ topic: 't', partition: 0 }, 'earliest');

    expect((await take(consumer, 1)).map(({ value }) => value)).toEqual(['0']);
    await consumer.close();
  });

  it('hands out what comes before a value that a serde cannot read, then says so until a seek', async () => {
    await running.createTopic('t');
    await running.send('t', ['1', 'not JSON', '3']);
    const consumer = createConsumer(running.cluster, {
      partitions: [{ topic: 't', partition: 0 }],
      value: json<number>(),
    });
    const seen: number[] = [];
    const read = async (): Promise<void> => {
      for await (const record of consumer) seen.push(record.value);
    };

    const failure = { code: 'UNDECODABLE_RECORD', details: { topic: 't', partition: 0, offset: 1 } };
    await expect(read()).rejects.toMatchObject(failure);
    await expect(read()).rejects.toMatchObject(failure);
    await consumer.seek({ topic: 't', partition: 0 }, 2);
    const [last] = await take(consumer, 1);

    expect([seen, last?.value]).toEqual([[1], 3]);
    await consumer.close();
  });

  it('goes on after what was handed out when it is iterated again', async () => {
    await running.createTopic('t');
    await running.send('t', numbers(10));
    const consumer = createConsumer(running.cluster, {
      partitions: [{ topic: 't', partition: 0 }],
      value: text,
      bufferedBytes: 32_000,
    });

    const first = await take(consumer, 4);
    const second = await take(consumer, 6);

    expect([...first, ...second].map(({ value }) => value)).toEqual(numbers(10));
    await consumer.close();
  });

  it('is not held up by a partition that is paused in the middle, or has failed', async () => {
    await running.createTopic('t', 3);
    for (const partition of [0, 1]) await running.send('t', numbers(10), { partition });
    const consumer = createConsumer(running.cluster, {
      partitions: [0, 1, 2].map((partition) => ({ topic: 't', partition, from: partition === 2 ? 99 : 0 })),
      value: text,
    });
    const seen = new Map<number, number>();
    let paused: number | undefined;
    const read = async (): Promise<void> => {
      for await (const record of consumer) {
        seen.set(record.partition, (seen.get(record.partition) ?? 0) + 1);
        if (paused === undefined) consumer.pause([record]);
        paused ??= record.partition;
        if (seen.get(1 - paused) === 10) break;
      }
    };

    for (let isDone = false; !isDone; ) {
      isDone = await read().then(
        () => true,
        () => false,
      );
    }

    expect([paused, seen.get(paused ?? 0), seen.get(1 - (paused ?? 0))]).toEqual([paused, 1, 10]);
    await consumer.close();
  });

  it('has no offsets to commit', async () => {
    await running.createTopic('t');
    const consumer = createConsumer(running.cluster, { partitions: [{ topic: 't', partition: 0 }] });

    await expect(consumer.commit()).rejects.toMatchObject({ code: 'NO_GROUP' });
    await consumer.close();
  });

  it('leaves no listener on its signal when it is closed', async () => {
    await running.createTopic('t');
    const { signal } = new AbortController();
    const consumer = createConsumer(running.cluster, { partitions: [{ topic: 't', partition: 0 }], signal });
    expect(getEventListeners(signal, 'abort').length).toBe(1);

    await consumer.close();

    expect(getEventListeners(signal, 'abort').length).toBe(0);
  });

  it('ends its iterations when it is closed or its signal aborts, also while it waits', async () => {
    await running.createTopic('t');
    const abort = new AbortController();
    const consumer = createConsumer(running.cluster, {
      partitions: [{ topic: 't', partition: 0 }],
      signal: abort.signal,
    });

    const reading = take(consumer, 1);
    await new Promise((resolve) => setImmediate(resolve));
    abort.abort();

    expect(await reading).toEqual([]);
    await consumer.close();
    await consumer.close();
  });
});
