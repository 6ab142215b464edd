// `node --import tsx --conditions=@millrace/source tools/bench/transfer.ts`: what it costs to get a gigabyte out of a broker, and who gets hurt
// by connections that are idle or stuck. Name parts to run only these: `gigabyte`, `idle`, `stuck`.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RequestOf } from '@millrace/protocol';
import { msgpackCodec } from '@millrace/protocol/msgpack';
import { BatchBuilder } from '@millrace/record';
import { tcpConnector } from '@millrace/transport';
import { peakResidentBytes, residentBytes } from './broker-process.ts';
import { rawProduce } from './raw-produce.ts';
import { median } from './rounds.ts';
import { RawClient } from './transfer-client.ts';

const rounds = Number(process.env['ROUNDS'] ?? 5);
const seconds = Number(process.env['SECONDS'] ?? 10);
const parts = process.argv.slice(2);
const recordsPerBatch = 4_500;
const batches = 1_000;
const batchesPerFetch = 8;
/** Near a mebibyte each; with 8 the kernel's memory for TCP shows. */
const batchesPerStuckFetch = Number(process.env['STUCK'] ?? 1);
const warmUpRounds = 4;
const directory = mkdtempSync(join(tmpdir(), 'millrace-transfer-'));

interface Server {
  readonly port: number;
  readonly pid: number;
  cpuSeconds(): Promise<number>;
  stop(): Promise<void>;
}

async function start(kind: 'broker' | 'reads' | 'sendfile' | 'stream', folder: string): Promise<Server> {
  const child: ChildProcess = fork(fileURLToPath(new URL('./transfer-server.ts', import.meta.url)), [
    kind,
    folder,
  ]);
  process.once('exit', () => child.kill('SIGKILL'));
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  return {
    port,
    pid: child.pid ?? 0,
    async cpuSeconds() {
      child.send('cpu');
      return ((await once(child, 'message')) as [{ cpuSeconds: number }])[0].cpuSeconds;
    },
    async stop() {
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}

const batch = ((): Buffer => {
  const builder = new BatchBuilder({ maxBytes: 1024 * 1024 });
  const value = Buffer.alloc(200, 'x');
  for (let i = 0; i < recordsPerBatch; i += 1) builder.tryAppend({ value }, 1_700_000_000_000);
  return builder.build();
})();

/** A broker's directory with the gigabyte in it, made when first asked for. A broker locks its own. */
async function filled(name: string): Promise<string> {
  const folder = join(directory, name);
  if (existsSync(folder)) return folder;
  const broker = await start('broker', folder);
  await fill(broker.port);
  await broker.stop();
  return folder;
}

async function fill(port: number): Promise<void> {
  const node = { nodeId: undefined, host: '127.0.0.1', port };
  const connection = await tcpConnector({ codec: msgpackCodec() })(node);
  for (const name of ['full', 'beside'])
    await connection.call('createTopics', { timeoutMs: 5_000, topics: [{ name, partitions: 1 }] });
  for (let sent = 0; sent < batches; sent += 1) {
    const partition = { topic: 'full', partition: 0, batches: batch };
    const answer = await connection.call('produce', {
      acks: 'leader',
      timeoutMs: 30_000,
      partitions: [partition],
    });
    if (answer.partitions[0]?.error !== 'NONE') throw new Error(`produce: ${answer.partitions[0]?.error}`);
  }
  await connection.close();
}

function wanted(fetch: number, count = batchesPerFetch): RequestOf<'fetch'> {
  const maxBytes = count * batch.length;
  const fetchOffset = fetch * batchesPerFetch * recordsPerBatch;
  const partition = { topic: 'full', partition: 0, fetchOffset, maxBytes };
  return { maxWaitMs: 0, minBytes: 1, maxBytes, partitions: [partition] };
}

interface Figures {
  readonly bytesPerSecond: number;
  readonly cpuSecondsPerGigabyte: number;
}

/** All there is, two requests in flight where it is a broker that is asked. */
async function gigabyte(server: Server, isBroker: boolean): Promise<Figures> {
  const client = new RawClient(server.port);
  await client.connected();
  const fetches = batches / batchesPerFetch;
  const cpu = await server.cpuSeconds();
  const started = performance.now();
  if (isBroker) {
    client.hello();
    let asked = 0;
    await client.until(() => {
      // The first frame is the welcome.
      while (asked < fetches && asked - Math.max(0, client.frames - 1) < 2) client.fetch(wanted(asked++));
      return client.frames === fetches + 1;
    });
  } else await client.until(() => client.bytes >= batches * batch.length);
  const elapsed = (performance.now() - started) / 1_000;
  const used = (await server.cpuSeconds()) - cpu;
  client.destroy();
  if (client.bytes < batches * batch.length) throw new Error(`only ${client.bytes} bytes came`);
  return { bytesPerSecond: client.bytes / elapsed, cpuSecondsPerGigabyte: (used * 1e9) / client.bytes };
}

/** All four stand from the first round to the last, warm; each is asked once a round. */
async function gigabyteFigures(): Promise<void> {
  const kinds = ['broker', 'reads', 'sendfile', 'stream'] as const;
  const figures = new Map<string, Figures[]>(kinds.map((kind) => [kind, []]));
  const servers = new Map<string, Server>();
  for (const kind of kinds)
    servers.set(kind, await start(kind, await filled(kind === 'reads' ? 'reads' : 'broker')));
  for (let round = -warmUpRounds; round < rounds; round += 1)
    for (const [kind, server] of servers) {
      const some = await gigabyte(server, kind === 'broker' || kind === 'reads');
      if (round >= 0) figures.get(kind)?.push(some);
    }
  for (const [kind, some] of figures) {
    const rate = median(some.map(({ bytesPerSecond }) => bytesPerSecond));
    const cpu = median(some.map(({ cpuSecondsPerGigabyte }) => cpuSecondsPerGigabyte));
    console.log(
      `a gigabyte, ${kind.padEnd(9)} ${(rate / 1e6).toFixed(0).padStart(6)} MB/s, server CPU ${cpu.toFixed(2)} s/GB`,
    );
  }
  for (const server of servers.values()) await server.stop();
}

async function idleFigures(folder: string): Promise<void> {
  const server = await start('broker', folder);
  for (let round = 0; round < warmUpRounds; round += 1) await gigabyte(server, true);
  const idle: RawClient[] = [];
  for (const count of [0, 1_000, 5_000]) {
    while (idle.length < count) {
      const client = new RawClient(server.port);
      await client.connected();
      client.hello();
      idle.push(client);
    }
    const some: Figures[] = [];
    for (let round = 0; round < rounds; round += 1) some.push(await gigabyte(server, true));
    const rate = median(some.map(({ bytesPerSecond }) => bytesPerSecond));
    const cpu = median(some.map(({ cpuSecondsPerGigabyte }) => cpuSecondsPerGigabyte));
    const resident = residentBytes(server.pid) / 1e6;
    console.log(
      `idle ${String(count).padStart(5)}: ${(rate / 1e6).toFixed(0)} MB/s, ${cpu.toFixed(2)} s/GB, ${resident.toFixed(0)} MB resident`,
    );
  }
  for (const client of idle) client.destroy();
  await server.stop();
}

async function stuckFigures(kind: 'broker' | 'reads', folder: string): Promise<void> {
  const server = await start(kind, folder);
  const address = { host: '127.0.0.1', port: server.port };
  const load = { recordsPerBatch: 50, inFlight: 32, acks: 'leader', seconds } as const;
  const round = async (): Promise<[produced: number, fetched: number]> => {
    const produced = rawProduce(address, 'beside', load);
    let fetched = 0;
    let isOver = false;
    const consume = async (): Promise<void> => {
      const rates: number[] = [];
      while (!isOver) rates.push((await gigabyte(server, true)).bytesPerSecond);
      fetched = median(rates);
    };
    const consumer = consume();
    const rate = await produced;
    isOver = true;
    await consumer;
    return [rate, fetched];
  };
  const alone = await round();
  const stuck: RawClient[] = [];
  while (stuck.length < 1_000) {
    const client = new RawClient(server.port);
    await client.connected();
    client.hello();
    client.fetch(wanted(stuck.length % 100, batchesPerStuckFetch));
    client.pause();
    stuck.push(client);
  }
  const beside = await round();
  const text = ([records, bytes]: [number, number]): string =>
    `producer ${(records / 1e6).toFixed(2)} M records/s, consumer ${(bytes / 1e6).toFixed(0)} MB/s`;
  console.log(`stuck, ${kind}: none: ${text(alone)}`);
  console.log(
    `stuck, ${kind}: 1,000: ${text(beside)}, peak ${(peakResidentBytes(server.pid) / 1e6).toFixed(0)} MB resident`,
  );
  for (const client of stuck) client.destroy();
  await server.stop();
}

try {
  const isWanted = (part: string): boolean => parts.length === 0 || parts.includes(part);
  if (isWanted('gigabyte')) await gigabyteFigures();
  if (isWanted('idle')) await idleFigures(await filled('broker'));
  if (isWanted('stuck'))
    for (const kind of ['broker', 'reads'] as const) await stuckFigures(kind, await filled('broker'));
} finally {
  rmSync(directory, { recursive: true, force: true });
}
