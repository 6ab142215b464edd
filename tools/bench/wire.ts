// `npx tsx --conditions=@millrace/source tools/bench/wire.ts`: what the native protocol costs by itself. No log, no broker.
import type { BrokerApi, Call, ClientCodec, Connection, RequestOf, ServerCodec } from '@millrace/protocol';
import { msgpackCodec } from '@millrace/protocol/msgpack';
import {
  connectOver,
  duplexPair,
  inProcessConnector,
  listenTcp,
  serve,
  tcpConnector,
} from '@millrace/transport';
import { alternate, human } from './rounds.ts';

const rounds = Number(process.env['ROUNDS'] ?? 5);
const seconds = Number(process.env['SECONDS'] ?? 2);
const inFlight = 64;
const calls = 300_000;

const batches = Buffer.alloc(280, 1);
const request: RequestOf<'produce'> = {
  acks: 'leader',
  timeoutMs: 30_000,
  partitions: [{ topic: 'bench', partition: 0, batches }],
};
const response = {
  partitions: [
    { topic: 'bench', partition: 0, error: 'NONE' as const, baseOffset: 1_234_567, logStartOffset: 0 },
  ],
};
const api: Partial<BrokerApi> = { produce: async () => response };

/** After the hello. */
function opened(): { client: ClientCodec; server: ServerCodec } {
  const codec = msgpackCodec();
  const client = codec.client({ clientId: 'bench' });
  const server = codec.server();
  const welcome = server.decode(bodyOf(client.hello()));
  if (welcome.kind === 'answer') client.decode(bodyOf(welcome.chunks));
  return { client, server };
}

/** A frame without its length, as the other side gets it. */
function bodyOf(chunks: readonly unknown[]): Buffer {
  return Buffer.concat(chunks as Uint8Array[]).subarray(4);
}

const { client, server } = opened();
const call = (correlation: number): Call => ({ correlation, api: 'produce', request });
const requestFrame = bodyOf(client.encode(call(1)));
const answerFrame = bodyOf(server.encode(call(1), { response }));

/** ns per call of `work`. */
function nanoseconds(work: (i: number) => unknown): () => number {
  return () => {
    const started = performance.now();
    for (let i = 0; i < calls; i += 1) work(i);
    return ((performance.now() - started) * 1e6) / calls;
  };
}

/** Requests answered a second, `inFlight` waiting at any time. */
async function requestRate(connection: Connection): Promise<number> {
  const started = performance.now();
  const end = started + seconds * 1_000;
  let answered = 0;
  const lane = async (): Promise<void> => {
    while (performance.now() < end) {
      await connection.call('produce', request);
      answered += 1;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
  return (answered * 1_000) / (performance.now() - started);
}

const codec = msgpackCodec();
const [near, far] = duplexPair();
void serve(far, { api, codec });
const paired = connectOver(near, { codec });
const listener = await listenTcp({ api, codec });
const dialled = await tcpConnector({ codec })({ nodeId: undefined, ...listener.endpoint });
const local = await inProcessConnector(api)({ nodeId: undefined, host: '', port: 0 });

const figures = await alternate(rounds, {
  'encode a produce request, ns': nanoseconds((i) => client.encode(call(i % 1_000))),
  'decode a produce request, ns': nanoseconds(() =>
    server.decode(Buffer.from(requestFrame.buffer, requestFrame.byteOffset, requestFrame.length)),
  ),
  'encode its answer, ns': nanoseconds((i) => server.encode(call(i), { response })),
  'request, answer and all four steps, ns': nanoseconds(() => {
    client.encode(call(1));
    server.decode(Buffer.from(requestFrame.buffer, requestFrame.byteOffset, requestFrame.length));
    server.encode(call(1), { response });
    client.decode(Buffer.from(answerFrame.buffer, answerFrame.byteOffset, answerFrame.length));
  }),
  'in process, requests/s': () => requestRate(local),
  'over a pair of streams, requests/s': () => requestRate(paired),
  'over TCP, both ends in this process, requests/s': () => requestRate(dialled),
});
for (const [what, figure] of Object.entries(figures))
  console.log(`${what.padEnd(50)} ${human(figure).padStart(10)}`);

await Promise.all([paired.close(), dialled.close(), local.close()]);
await listener.close();
