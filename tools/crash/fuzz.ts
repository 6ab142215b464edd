// `npx tsx --conditions=@millrace/source tools/crash/fuzz.ts [frames] [seed]`: requests of both protocols that were damaged
// on the way, sent to a broker in this process, a connection for each few. An uncaught error ends it; a frame that keeps
// the event loop for more than 50 ms twice in a row is a failure. A million of each by default.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { startBroker } from '@millrace/broker';
import { kafkaApis, kafkaCodec } from '@millrace/kafka-protocol';
import type { Call, ListenerCodec } from '@millrace/protocol';
import { msgpackCodec } from '@millrace/protocol/msgpack';
import { BatchBuilder } from '@millrace/record';
import { seededRandom } from '@millrace/runtime/testing';
import { connectionMemory, duplexPair, serve } from '@millrace/transport';

const frames = Number(process.argv[2] ?? 1_000_000);
const seed = Number(process.argv[3] ?? 1);
const longestMs = 50;
const goldenFiles = fileURLToPath(new URL('../../packages/kafka-protocol/src/golden/', import.meta.url));
const random = seededRandom(seed);

/** Every version of every question, as an independent implementation writes it. */
function kafkaFrames(): Buffer[] {
  return readdirSync(goldenFiles).flatMap((file) => {
    const key = Number(file.slice(0, 2));
    const api = Object.values(kafkaApis).find((one) => one.key === key);
    return readFileSync(`${goldenFiles}/${file}`, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { version: number; kind: string; hex: string })
      .filter(({ kind }) => kind === 'request')
      .map(({ version, hex }) => {
        const header = Buffer.alloc(api?.isFlexible(version) === true ? 11 : 10);
        header.writeInt16BE(key, 0);
        header.writeInt16BE(version, 2);
        header.writeInt32BE(1, 4);
        header.writeInt16BE(-1, 8);
        return Buffer.concat([header, Buffer.from(hex, 'hex')]);
      });
  });
}

function ownFrames(): { hello: Buffer; requests: Buffer[] } {
  const codec = msgpackCodec().client({ clientId: 'fuzz' });
  const builder = new BatchBuilder({ maxBytes: 10_000 });
  builder.tryAppend({ value: 'a record', headers: [{ key: 'h', value: Buffer.from('v') }] }, 0);
  const partition = { topic: 'orders', partition: 0 };
  const calls = [
    { api: 'metadata', request: {} },
    {
      api: 'produce',
      request: { acks: 'all', timeoutMs: 10, partitions: [{ ...partition, batches: builder.build() }] },
    },
    {
      api: 'fetch',
      request: {
        maxWaitMs: 0,
        minBytes: 0,
        maxBytes: 1_000,
        partitions: [{ ...partition, fetchOffset: 0, maxBytes: 1_000 }],
      },
    },
    { api: 'initProducerId', request: {} },
  ];
  const requests = calls.map((call, correlation) =>
    Buffer.concat(codec.encode({ correlation, ...call } as unknown as Call)).subarray(4),
  );
  return { hello: Buffer.concat(codec.hello()), requests };
}

function framed(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** A few bytes are others, or it is cut, or longer. */
function damaged(frame: Buffer): Buffer {
  const bytes = Buffer.from(frame);
  for (let change = random.int(4); change >= 0; change -= 1)
    bytes[random.int(bytes.length)] = [0, 0xff, 0x7f, 0x80, random.int(256)][random.int(5)] ?? 0;
  if (random.int(4) === 0) return bytes.subarray(0, random.int(bytes.length));
  return random.int(6) === 0 ? Buffer.concat([bytes, Buffer.alloc(random.int(50), 0xff)]) : bytes;
}

const broker = await startBroker({ autoCreateTopics: false });
// What may rightly take long: many partitions.
const { createTopics: _topics, createPartitions: _partitions, ...api } = broker.api as Record<string, never>;
const memory = connectionMemory();
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
let slowestMs = 0;

async function turnsAfter(bytes: Buffer, codec: ListenerCodec, hello: Buffer): Promise<number> {
  const [near, far] = duplexPair();
  near.on('error', () => {}).resume();
  const ended = serve(far, { api, codec, memory });
  near.write(hello);
  await turn();
  const started = performance.now();
  near.write(bytes);
  await turn();
  await turn();
  const ms = performance.now() - started;
  near.destroy();
  await ended;
  return ms;
}

async function fuzz(
  name: string,
  codec: ListenerCodec,
  hello: Buffer,
  whole: readonly Buffer[],
): Promise<void> {
  const started = performance.now();
  for (let sent = 0; sent < frames; ) {
    const together = Array.from({ length: 1 + random.int(5) }, () =>
      framed(damaged(whole[random.int(whole.length)] as Buffer)),
    );
    const bytes = Buffer.concat(together);
    let ms = await turnsAfter(bytes, codec, hello);
    // Once may be the garbage collector's, or another process's.
    if (ms > longestMs) ms = Math.min(ms, await turnsAfter(bytes, codec, hello));
    if (ms > longestMs)
      throw new Error(`${name}: ${ms.toFixed(0)} ms for ${bytes.toString('hex')} (seed ${seed})`);
    slowestMs = Math.max(slowestMs, ms);
    sent += together.length;
    if (sent % 100_000 < together.length)
      console.log(`${name}: ${sent} frames, ${(process.memoryUsage.rss() / 1e6).toFixed(0)} MB resident`);
  }
  const seconds = (performance.now() - started) / 1_000;
  console.log(
    `${name}: ${frames} damaged frames in ${seconds.toFixed(0)} s, the slowest ${slowestMs.toFixed(1)} ms`,
  );
}

const own = ownFrames();
await fuzz('own protocol', msgpackCodec(), own.hello, own.requests);
await fuzz('Kafka’s protocol', kafkaCodec(), Buffer.alloc(0), kafkaFrames());
if (memory.requests.heldBytes + memory.answers.heldBytes > 0) throw new Error('memory was not given back');
await broker.stop();
