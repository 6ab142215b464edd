import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kafkaCodec } from '@millrace/kafka-protocol';
import { msgpackCodec } from '@millrace/protocol/msgpack';
import { codeOf } from '@millrace/runtime';
import { damagedBytes, seededRandom } from '@millrace/runtime/testing';
import { type Broker, type Client, connect, startBroker, text } from 'millrace';
import { framed } from './framed.ts';
import { type Spoil, SpoilingProxy } from './spoiling-proxy.ts';

const mutations = Number(process.env['HOSTILE_BROKER'] ?? 40);
const seed = Number(process.env['HOSTILE_SEED'] ?? 1);

const length = (bytes: number): Buffer => {
  const header = Buffer.alloc(4);
  header.writeInt32BE(bytes);
  return header;
};

const hostile: readonly (readonly [string, Spoil])[] = [
  ['a length of 2 GB', (frame) => Buffer.concat([length(0x7fffffff), frame])],
  ['a negative length', (frame) => Buffer.concat([length(-1), frame])],
  ['nothing at all in a frame', () => length(0)],
  ['a frame that is cut short', (frame) => framed(frame.subarray(0, frame.length - 1))],
  ['a frame that is too long', (frame) => framed(Buffer.concat([frame, Buffer.alloc(10, 0xff)]))],
  ['the answer before once more, under its number', (_frame, previous) => framed(previous)],
  ['each answer twice', (frame) => Buffer.concat([framed(frame), framed(frame)])],
  [
    'an answer to another question',
    (frame) => framed(Buffer.from(frame).fill(0xff, 0, Math.min(12, frame.length))),
  ],
  ['zeros', (frame) => framed(Buffer.alloc(frame.length))],
  ['lists without end', (frame) => framed(Buffer.alloc(Math.max(frame.length, 50), 0xdd))],
  ['a page of the web', () => Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
];

describe.each([
  ['Millrace’s protocol', msgpackCodec],
  ['Kafka’s protocol', kafkaCodec],
] as const)('clients of a hostile broker, in %s', (_name, codec) => {
  let folder: string;
  let proxy: SpoilingProxy;
  let broker: Broker;
  let client: Client;
  let topics = 0;
  /** Of everything that failed. */
  let codes: (string | undefined)[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'millrace-hostile-'));
    proxy = await SpoilingProxy.listen();
    const listener = { name: 'clients', codec: codec(), advertised: { host: '127.0.0.1', port: proxy.port } };
    broker = await startBroker({ dataDirectory: folder, listeners: [listener] });
    proxy.leadTo(broker.endpoints['clients']?.port ?? 0);
  });

  beforeEach(() => {
    proxy.spoil = undefined;
    proxy.spoiled = 0;
    codes = [];
    client = connect(`127.0.0.1:${proxy.port}`, { codec: codec() });
  });

  afterEach(() => client.close());

  afterAll(async () => {
    await proxy.close();
    await broker.stop();
    rmSync(folder, { recursive: true });
  });

  async function newTopic(): Promise<string> {
    topics += 1;
    const topic = `t${topics}`;
    await client.createTopic(topic);
    return topic;
  }

  /** What came of five sends, each of which settles. */
  async function sends(topic: string): Promise<{ readonly written: string[]; readonly perhaps: string[] }> {
    const producer = client.producer({ deliveryTimeoutMs: 100 });
    const values = ['a', 'b', 'c', 'd', 'e'];
    const outcomes = await Promise.allSettled(values.map((value) => producer.send({ topic, value })));
    await producer.close({ drain: false });
    const written: string[] = [];
    const perhaps: string[] = [];
    for (const [i, value] of values.entries()) {
      const outcome = outcomes[i];
      if (outcome?.status === 'fulfilled') written.push(value);
      else if (mayBeWritten(outcome?.reason)) perhaps.push(value);
    }
    return { written, perhaps };
  }

  function mayBeWritten(reason: unknown): boolean {
    codes.push(codeOf(reason));
    return (reason as { details?: { mayBeWritten?: boolean } }).details?.mayBeWritten !== false;
  }

  /** Reads for a moment, and resolves with the topics that records said they are from. */
  async function reads(topic: string): Promise<readonly string[]> {
    const consumer = client.consumer({
      partitions: [{ topic, partition: 0 }],
      signal: AbortSignal.timeout(40),
    });
    const from = new Set<string>();
    try {
      for await (const record of consumer) from.add(record.topic);
    } catch (error) {
      codes.push(codeOf(error));
    } finally {
      await consumer.close();
    }
    return [...from];
  }

  /** A connection that was spoiled may still be on its way to its end. */
  async function sendInTheEnd(topic: string, value: string): Promise<void> {
    const producer = client.producer();
    for (let failures = 0; ; failures += 1) {
      try {
        await producer.send({ topic, value });
        return;
      } catch (error) {
        if (failures === 50) throw error;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  }

  /** What is there once the broker is itself again: nothing that was said not to be written, and all that was said to be. */
  async function checkAfterwards(
    topic: string,
    { written, perhaps }: { readonly written: readonly string[]; readonly perhaps: readonly string[] },
  ): Promise<void> {
    proxy.spoil = undefined;
    await sendInTheEnd(topic, 'end');
    const values: (string | null)[] = [];
    const consumer = client.consumer({ partitions: [{ topic, partition: 0 }], value: text });
    for await (const { value } of consumer) {
      if (value === 'end') break;
      values.push(value);
    }
    await consumer.close();
    expect(values).toEqual(expect.arrayContaining([...written]));
    expect([...written, ...perhaps]).toEqual(expect.arrayContaining(values));
  }

  describe.each(hostile)('that answers %s', (_what, spoil) => {
    it.each([
      ['from its first word', 0],
      ['after its greeting', 1],
      ['after it has told of its cluster', 2],
      ['after a few answers', 4],
    ])(
      '%s, get coded errors, know what may be written, and go on once it is itself again',
      async (_when, from) => {
        const topic = await newTopic();
        await client.close();
        client = connect(`127.0.0.1:${proxy.port}`, { codec: codec() });
        proxy.spoil = { with: spoil, from };

        const sent = await sends(topic);
        const seen = await reads(topic);

        expect(codes).not.toContain(undefined);
        expect([[], [topic]]).toContainEqual(seen);
        expect(proxy.spoiled).toBeGreaterThan(0);
        await checkAfterwards(topic, sent);
      },
    );
  });

  it(`that damages its answers, as ${mutations} times from a seed, lose nothing and make nothing up`, async () => {
    const random = seededRandom(seed);
    const topic = await newTopic();
    const told = { written: [] as string[], perhaps: [] as string[] };
    for (let round = 0; round < mutations; round += 1) {
      proxy.spoil = {
        from: random.int(6),
        with: (frame) => framed(random.int(3) === 0 ? frame : damagedBytes(frame, random)),
      };
      const { written, perhaps } = await sends(topic);
      told.written.push(...written);
      told.perhaps.push(...perhaps);
      await reads(topic);
    }
    expect(codes).not.toContain(undefined);
    await checkAfterwards(topic, told);
  });
});
