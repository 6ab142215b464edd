// `npx tsx --conditions=@millrace/source tools/crash/fuzz.ts [frames] [seed]`: requests of both protocols that were damaged
// on the way, sent to a broker in this process, a connection for each few. An uncaught error ends it; a frame that keeps
// the event loop for more than 50 ms twice in a row is a failure. A million of each by default.
import { fileURLToPath } from 'node:url';
import { startBroker } from '@millrace/broker';
import { kafkaCodec } from '@millrace/kafka-protocol';
import type { Call, ListenerCodec } from '@millrace/protocol';
import { msgpackCodec } from '@millrace/protocol/msgpack';
import { BatchBuilder } from '@millrace/record';
import { damagedBytes, seededRandom } from '@millrace/runtime/testing';
import { connectionMemory, duplexPair, serve } from '@millrace/transport';
import { framed } from '../../packages/integration-tests/src/framed.ts';
import { goldenRequests } from '../../packages/integration-tests/src/kafka-golden-requests.ts';

const frames = Number(process.argv[2] ?? 1_000_000);
const seed = Number(process.argv[3] ?? 1);
const longestMs = 50;
const goldenFiles = fileURLToPath(new URL('../../packages/kafka-protocol/src/golden/', import.meta.url));
const random = seededRandom(seed);

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
      framed(damagedBytes(whole[random.int(whole.length)] as Buffer, random)),
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
await fuzz(
  'Kafka’s protocol',
  kafkaCodec(),
  Buffer.alloc(0),
  goldenRequests(goldenFiles).map(({ frame }) => frame),
);
if (memory.requests.heldBytes + memory.answers.heldBytes > 0) throw new Error('memory was not given back');
await broker.stop();
