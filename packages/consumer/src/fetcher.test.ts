import { getEventListeners } from 'node:events';
import type { ResponseOf } from '@millrace/protocol';
import { type Compression, text } from '@millrace/record';
import { nodeWorld } from '@millrace/runtime/node';
import { createConsumer } from './create-consumer.ts';
import { type RunningBroker, runBroker, type Tamper, take, tampering } from './running-broker.fixture.ts';

type Fetch = ResponseOf<'fetch'>;

async function bytesIn(answer: Fetch, index = 0): Promise<Buffer> {
  const batches = answer.partitions[index]?.batches;
  if (batches === undefined) throw new Error('no such partition');
  if (Buffer.isBuffer(batches)) return batches;
  const bytes = await batches.read(0, batches.byteLength);
  batches.release();
  return bytes;
}

describe('fetching', () => {
  let running: RunningBroker;
  let tamper: Tamper<'fetch'>;

  beforeEach(async () => {
    tamper = (_request, ask) => ask();
    running = await runBroker(tampering('fetch', (request, ask) => tamper(request, ask)));
    await running.createTopic('t', 2);
  });

  afterEach(() => running.stop());

  const reader = (partitions: readonly number[] = [0]) =>
    createConsumer(running.cluster, {
      partitions: partitions.map((partition) => ({ topic: 't', partition })),
      value: text,
    });

  it('hands out nothing of a damaged batch: the error names it, and comes again until a seek', async () => {
    await running.send('t', ['good', 'bad', 'after'], { apart: true });
    tamper = async (_request, ask) => {
      const answer = await ask();
      const bytes = Buffer.from(await bytesIn(answer));
      const second = bytes.readInt32BE(8) + 12;
      if (bytes.readInt32BE(4) === 0 && bytes.length > second)
        bytes[second + 70] = (bytes[second + 70] ?? 0) ^ 1;
      if (bytes.length > 0 && bytes.readInt32BE(4) === 1) bytes[70] = (bytes[70] ?? 0) ^ 1;
      return {
        ...answer,
        partitions: [{ ...(answer.partitions[0] as Fetch['partitions'][number]), batches: bytes }],
      };
    };
    const consumer = reader();
    const seen: string[] = [];
    const read = async (): Promise<void> => {
      for await (const record of consumer) seen.push(record.value);
    };

    const damage = { code: 'CORRUPT_MESSAGE', details: { offset: 1 } };
    await expect(read()).rejects.toMatchObject(damage);
    await expect(read()).rejects.toMatchObject(damage);
    await consumer.seek({ topic: 't', partition: 0 }, 2);
    const rest = await take(consumer, 1);

    expect([seen, rest.map(({ value }) => value)]).toEqual([['good'], ['after']]);
    await consumer.close();
  });

  it.each(['NOT_LEADER_OR_FOLLOWER', 'FENCED_LEADER_EPOCH', 'STORAGE_ERROR'] as const)(
    'asks again after %s, and loses nothing',
    async (error) => {
      await running.send('t', ['a', 'b']);
      let refusals = 2;
      tamper = async (request, ask) => {
        if (refusals === 0) return ask();
        refusals -= 1;
        return {
          partitions: request.partitions.map(({ topic, partition }) => ({
            topic,
            partition,
            error,
            batches: Buffer.alloc(0),
          })),
        };
      };
      const consumer = reader();

      expect((await take(consumer, 2)).map(({ value }) => value)).toEqual(['a', 'b']);
      await consumer.close();
    },
  );

  it('asks again when the connection is lost in the middle of a question', async () => {
    await running.send('t', ['a', 'b']);
    let losses = 2;
    tamper = (_request, ask) => {
      if (losses === 0) return ask();
      losses -= 1;
      return Promise.reject(Object.assign(new Error('gone'), { code: 'NETWORK_EXCEPTION' }));
    };
    const consumer = reader();

    expect((await take(consumer, 2)).map(({ value }) => value)).toEqual(['a', 'b']);
    await consumer.close();
  });

  it('is not held up in one partition by another that gets no answer', async () => {
    await running.send('t', ['a'], { partition: 1 });
    let never: (() => void) | undefined;
    tamper = (request, ask) => {
      const stuck = request.partitions.some(({ partition }) => partition === 0);
      return stuck
        ? new Promise<Fetch>((_resolve, reject) => (never = () => reject(new Error('late'))))
        : ask();
    };
    const stuck = reader([0]);
    const waiting = take(stuck, 1);
    const consumer = reader([1]);

    expect((await take(consumer, 1)).map(({ value }) => value)).toEqual(['a']);
    await Promise.all([stuck.close(), consumer.close()]);
    never?.();
    expect(await waiting).toEqual([]);
  });

  it('releases a range that comes after the close, once', async () => {
    await running.send('t', ['a']);
    let released = 0;
    let answered = (): void => {};
    const asked = new Promise<void>((resolve) => {
      tamper = async (_request, ask) => {
        const bytes = await bytesIn(await ask());
        await new Promise<void>((go) => {
          answered = go;
          resolve();
        });
        const batches = {
          byteLength: bytes.length,
          read: () => Promise.resolve(bytes),
          release: () => {
            released += 1;
          },
        };
        return { partitions: [{ topic: 't', partition: 0, error: 'NONE', batches }] };
      };
    });
    const consumer = reader();
    const reading = take(consumer, 1);
    await asked;

    await consumer.close();
    answered();
    await reading;
    await new Promise((resolve) => setImmediate(resolve));

    expect(released).toBe(1);
  });

  it('asks again when what was answered cannot be read', async () => {
    await running.send('t', ['a', 'b']);
    let failures = 2;
    tamper = async (_request, ask) => {
      const answer = await ask();
      if (failures === 0) return answer;
      failures -= 1;
      await bytesIn(answer);
      const batches = {
        byteLength: 10,
        read: () => Promise.reject(Object.assign(new Error('file closed'), { code: 'EBADF' })),
        release: () => {},
      };
      return { partitions: [{ topic: 't', partition: 0, error: 'NONE', batches }] };
    };
    const consumer = reader();

    expect((await take(consumer, 2)).map(({ value }) => value)).toEqual(['a', 'b']);
    await consumer.close();
  });

  it('tells its readers, by a code, of answers that can never be read', async () => {
    await running.send('t', ['a']);
    tamper = async (_request, ask) => {
      await bytesIn(await ask());
      const batches = {
        byteLength: 10,
        read: () => Promise.reject(Object.assign(new Error('i/o error'), { code: 'EIO' })),
        release: () => {},
      };
      return { partitions: [{ topic: 't', partition: 0, error: 'NONE', batches }] };
    };
    const consumer = reader();

    await expect(take(consumer, 1)).rejects.toMatchObject({
      code: 'STORAGE_ERROR',
      message: 't-0 at offset 0 cannot be read: i/o error',
    });
    await consumer.close();
  });

  it('does not storm a broker that answers nothing at all', async () => {
    let asked = 0;
    tamper = async () => {
      asked += 1;
      await new Promise(setImmediate);
      return { partitions: [] };
    };
    const consumer = reader();
    const reading = take(consumer, 1);

    await new Promise((resolve) => setTimeout(resolve, 200));
    await consumer.close();

    expect(await reading).toEqual([]);
    expect(asked).toBeLessThan(30);
  });

  it('asks for the partitions of one broker together from the first question on', async () => {
    await running.createTopic('wide', 20);
    await running.send('wide', ['a'], { partition: 19 });
    const asked: number[] = [];
    tamper = (request, ask) => {
      asked.push(request.partitions.length);
      return ask();
    };
    const consumer = createConsumer(running.cluster, {
      partitions: Array.from({ length: 20 }, (_, partition) => ({ topic: 'wide', partition, from: 0 })),
    });

    await take(consumer, 1);

    expect(asked[0]).toBe(20);
    await consumer.close();
  });

  it('waits for the leaders of many partitions without a word on stderr', async () => {
    await running.createTopic('wide', 20);
    let losses = 40;
    let questions = 0;
    tamper = (request, ask) => {
      questions += 1;
      if (losses <= 0) return ask();
      losses -= request.partitions.length;
      return Promise.reject(Object.assign(new Error('gone'), { code: 'NETWORK_EXCEPTION' }));
    };
    const { clock } = nodeWorld;
    let most = 0;
    const world = {
      ...nodeWorld,
      clock: {
        ...clock,
        sleep: (ms: number, signal?: AbortSignal) => {
          const sleep = clock.sleep(ms, signal);
          // Node warns of a leak when there are more than ten.
          if (signal !== undefined) most = Math.max(most, getEventListeners(signal, 'abort').length);
          return sleep;
        },
      },
    };
    const partitions = Array.from({ length: 20 }, (_, partition) => ({ topic: 'wide', partition, from: 0 }));
    const consumer = createConsumer(running.cluster, { partitions }, world);
    const reading = take(consumer, 1);
    await running.send('wide', ['a'], { partition: 19 });

    expect((await reading).length).toBe(1);
    expect(questions).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(10);
    await consumer.close();
  });

  it('reads a partition that has room though many others are full and paused', async () => {
    await running.createTopic('wide', 20);
    const large = 'x'.repeat(60_000);
    for (let partition = 0; partition < 19; partition += 1)
      await running.send('wide', [large], { partition });
    const consumer = createConsumer(running.cluster, {
      partitions: Array.from({ length: 20 }, (_, partition) => ({ topic: 'wide', partition, from: 0 })),
      bufferedBytes: 19 * 60_000,
      maxWaitMs: 10,
    });
    const others = Array.from({ length: 19 }, (_, partition) => ({ topic: 'wide', partition }));
    await consumer.seek({ topic: 'wide', partition: 0 }, 0);
    // Long enough for all of it to be fetched.
    await new Promise((resolve) => setTimeout(resolve, 100));
    consumer.pause(others);

    await running.send('wide', ['a'], { partition: 19 });

    expect((await take(consumer, 1))[0]?.partition).toBe(19);
    await consumer.close();
  });

  it.each(['gzip', 'snappy', 'lz4', 'zstd'] satisfies Compression[])(
    'reads %s without being told',
    async (compression) => {
      await running.send('t', ['a'.repeat(1_000), 'b'], { compression });
      const consumer = reader();

      expect((await take(consumer, 2)).map(({ value }) => value)).toEqual(['a'.repeat(1_000), 'b']);
      await consumer.close();
    },
  );
});
