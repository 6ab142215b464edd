import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kafkaCodec } from '@millrace/kafka-protocol';
import { type Broker, type Client, type Compression, connect, type From, startBroker, text } from 'millrace';
import { freeAddress } from './millrace-process.ts';

// Millrace's own producer and consumer, in Kafka's words, at a listener for Kafka's clients.
describe('our own clients over Kafka’s protocol', () => {
  let folder: string;
  let address: string;
  let broker: Broker;
  let client: Client;

  const start = (): Promise<Broker> =>
    startBroker({
      dataDirectory: folder,
      listeners: [{ codec: kafkaCodec(), port: Number(address.split(':')[1]) }],
    });
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'millrace-own-'));
    address = await freeAddress();
    broker = await start();
    client = connect(address, { codec: kafkaCodec() });
  });
  afterAll(async () => {
    await client.close();
    await broker.stop();
    rmSync(folder, { recursive: true });
  });

  const read = async (topic: string, count: number, from: From | number = 'earliest') => {
    const consumer = client.consumer({ partitions: [{ topic, partition: 0, from }], value: text });
    const records = [];
    for await (const record of consumer) {
      records.push(record);
      if (records.length === count) break;
    }
    await consumer.close();
    return records;
  };

  it('make, list and delete topics, and read and change what they are configured to', async () => {
    await client.createTopic('made', { partitions: 3, config: { 'retention.ms': '60000' } });

    expect(await client.topics()).toContain('made');
    await expect(client.createTopic('made')).rejects.toMatchObject({ code: 'TOPIC_ALREADY_EXISTS' });
    await client.deleteTopic('made');
    expect(await client.topics()).not.toContain('made');
  });

  it.each<Compression>(['none', 'gzip', 'snappy', 'lz4', 'zstd'])(
    'write under the compression %s, with keys and headers, and read it again',
    async (compression) => {
      const producer = client.producer({ compression });
      const headers = [{ key: 'from', value: Buffer.from('tests') }];

      const sent = await Promise.all(
        Array.from({ length: 100 }, (_, i) =>
          producer.send({ topic: compression, key: `k${i}`, value: `v${i}`, headers }),
        ),
      );

      expect(sent.map(({ offset }) => offset)).toEqual(Array.from({ length: 100 }, (_, i) => i));
      const records = await read(compression, 100);
      expect(records.map(({ key, value }) => [String(key), value])).toEqual(
        Array.from({ length: 100 }, (_, i) => [`k${i}`, `v${i}`]),
      );
      expect(String(records[0]?.headers[0]?.value)).toBe('tests');
      await producer.close();
    },
  );

  it('begin at an offset, at a time and at the end', async () => {
    const producer = client.producer();
    for (const second of [1, 2, 3, 4])
      await producer.send({ topic: 'timed', value: `${second}`, timestamp: 1.7e12 + second * 1000 });

    expect((await read('timed', 2, 2)).map(({ value }) => value)).toEqual(['3', '4']);
    const since = await read('timed', 3, { timestamp: 1.7e12 + 1_500 });
    expect(since.map(({ value }) => value)).toEqual(['2', '3', '4']);
    const end = read('timed', 1, 'latest');
    // Until it has looked where the end is.
    await new Promise((resolve) => setTimeout(resolve, 300));
    await producer.send({ topic: 'timed', value: 'new' });
    expect((await end)[0]?.value).toBe('new');
    await producer.close();
  });

  it('go on over a restart of the broker, and write nothing twice', async () => {
    const producer = client.producer();
    const sends = Array.from({ length: 20 }, (_, i) => producer.send({ topic: 'kept', value: `${i}` }));
    await Promise.all(sends);

    await broker.stop();
    const during = Array.from({ length: 20 }, (_, i) => producer.send({ topic: 'kept', value: `${20 + i}` }));
    broker = await start();
    await Promise.all(during);

    const values = (await read('kept', 40)).map(({ value }) => Number(value));
    expect(values).toEqual(Array.from({ length: 40 }, (_, i) => i));
    await producer.close();
  }, 60_000);

  it.each([
    ['a broker that takes other versions', apiVersionsAnswer([[3, 0, 5]])],
    ['a broker that tells nothing', apiVersionsAnswer([], 35)],
    ['what is no answer', Buffer.from('00000008ffffffff00000001', 'hex')],
    ['an answer to what was not asked', Buffer.from('0000000400000fff', 'hex')],
  ])('end a connection to %s', async (_, answer) => {
    const server = createServer((socket) =>
      socket.once('data', () => socket.write(answer)).on('error', () => {}),
    );
    const port = await new Promise<number>((resolve) =>
      server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port)),
    );
    const stranger = connect(`127.0.0.1:${port}`, { codec: kafkaCodec() });

    await expect(stranger.topics()).rejects.toMatchObject({ code: expect.stringMatching(/^[A-Z_]+$/) });

    await stranger.close();
    await new Promise((resolve) => server.close(resolve));
  });
});

/** Ranges as `[key, least, most]`. */
function apiVersionsAnswer(ranges: readonly (readonly [number, number, number])[], errorCode = 0): Buffer {
  const body = Buffer.alloc(4 + 2 + 1 + ranges.length * 7 + 4 + 1);
  body.writeInt32BE(-1, 0);
  body.writeInt16BE(errorCode, 4);
  body.writeUInt8(ranges.length + 1, 6);
  for (const [at, range] of ranges.entries())
    for (const [place, number] of range.entries()) body.writeInt16BE(number, 7 + at * 7 + place * 2);
  const frame = Buffer.alloc(4);
  frame.writeInt32BE(body.length);
  return Buffer.concat([frame, body]);
}
