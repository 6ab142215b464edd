// `npx tsx --conditions=@millrace/source tools/bench/kafka.ts`: a listener for Kafka's clients beside Apache Kafka, asked by
// the same raw client with the same requests, in turn. Needs a build, a JDK and Maven. `ROUNDS=5`, `SECONDS=3`.
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { cpuSeconds, residentBytes } from './broker-process.ts';
import { missingKafka } from './field/kafka-jars.ts';
import { kafka } from './field/peers/kafka.ts';
import { freePort, type ServerProcess, startServer } from './field/server-process.ts';
import { batchOf, RawKafka } from './kafka-raw.ts';
import { alternate, human, median } from './rounds.ts';

const rounds = Number(process.env['ROUNDS'] ?? 5);
const seconds = Number(process.env['SECONDS'] ?? 3);
const inFlight = 32;
const perBatch = 48;
const fetchBytes = 1024 * 1024;
const readBytes = 512 * 1024 * 1024;
const bin = fileURLToPath(new URL('../../packages/millrace/bin/millrace.js', import.meta.url));

interface Running extends ServerProcess {
  readonly name: string;
  readonly port: number;
  /** From spawn to the first acknowledged record, ms. */
  readonly firstMs: number;
}

async function running(
  name: string,
  start: () => Promise<ServerProcess & { port: number }>,
): Promise<Running> {
  const began = performance.now();
  const server = await start();
  const client = await RawKafka.connect(server.port);
  await client.createTopic();
  // A topic that was just made may not have its leader yet.
  while (
    !(await client.produce(batchOf(1)).then(
      () => true,
      () => false,
    ))
  )
    await pause(1);
  const firstMs = performance.now() - began;
  client.close();
  return { ...server, name, firstMs };
}

async function startMillrace(directory: string): Promise<ServerProcess & { port: number }> {
  const [own, port] = [await freePort(), await freePort()];
  const listen = ['--listen', `127.0.0.1:${own}`, '--kafka', `127.0.0.1:${port}`];
  const command = [process.execPath, bin, 'start', '--dir', join(directory, 'data'), ...listen] as const;
  return { ...(await startServer([...command], port, directory)), port };
}

/** Records a second, with `inFlight` requests under way on one connection; CPU seconds of the broker a million records. */
async function produce(server: Running, records: number): Promise<{ rate: number; cpu: number }> {
  const client = await RawKafka.connect(server.port);
  const batch = batchOf(records);
  const cpuBefore = cpuSeconds(server.pid);
  const began = performance.now();
  const end = began + seconds * 1000;
  let requests = 0;
  const lane = async (): Promise<void> => {
    for (; performance.now() < end; requests += 1) await client.produce(batch);
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
  const written = requests * records;
  const rate = written / ((performance.now() - began) / 1000);
  client.close();
  return { rate, cpu: ((cpuSeconds(server.pid) - cpuBefore) / written) * 1e6 };
}

/** Bytes a second from the oldest record on, one question after the other; CPU seconds of the broker a gigabyte. */
async function fetch(server: Running): Promise<{ rate: number; cpu: number }> {
  const client = await RawKafka.connect(server.port);
  const cpuBefore = cpuSeconds(server.pid);
  const began = performance.now();
  let read = 0;
  for (let offset = 0; read < readBytes; ) {
    const { bytes, nextOffset } = await client.fetch(offset, fetchBytes);
    read += bytes;
    offset = bytes === 0 ? 0 : nextOffset;
  }
  const rate = read / ((performance.now() - began) / 1000);
  client.close();
  return { rate, cpu: ((cpuSeconds(server.pid) - cpuBefore) / read) * 1e9 };
}

async function compare(
  what: string,
  servers: readonly Running[],
  work: (server: Running) => Promise<{ rate: number; cpu: number }>,
  unit: string,
  aim: string,
): Promise<void> {
  for (const server of servers) await work(server);
  const cpus = new Map<string, number[]>(servers.map(({ name }) => [name, []]));
  const rates = await alternate(
    rounds,
    Object.fromEntries(
      servers.map((server) => [
        server.name,
        async () => {
          const { rate, cpu } = await work(server);
          cpus.get(server.name)?.push(cpu);
          return rate;
        },
      ]),
    ),
  );
  const [own, other] = servers.map(({ name }) => rates[name] ?? Number.NaN);
  const [ownCpu, otherCpu] = servers.map(({ name }) => median(cpus.get(name) ?? []));
  const ratio = `${((own ?? 0) / (other ?? 0)).toFixed(1)}×`;
  const cpuRatio = `${(((ownCpu ?? 0) / (otherCpu ?? 0)) * 100).toFixed(0)} %`;
  console.log(
    `${what.padEnd(46)} ${`${human(own ?? 0)}${unit}`.padStart(12)} ${`${human(other ?? 0)}${unit}`.padStart(12)} ${ratio.padStart(7)}  CPU ${ownCpu?.toFixed(2)} and ${otherCpu?.toFixed(2)} s, ${cpuRatio}   ${aim}`,
  );
}

const missing = await missingKafka();
if (missing !== undefined) {
  console.log(`Apache Kafka is not here: ${missing}`);
  process.exit(0);
}
const folder = mkdtempSync(join(tmpdir(), 'millrace-kafka-'));
const folders = ['millrace', 'kafka'].map((name) => mkdtempSync(join(folder, `${name}-`)));
console.log(
  `${cpus().length} × ${cpus()[0]?.model}, Node ${process.versions.node}, medians of ${rounds} rounds in turn\n`,
);
const servers: Running[] = [];
try {
  servers.push(await running('Millrace', () => startMillrace(folders[0] ?? '')));
  servers.push(await running('Apache Kafka', () => kafka.start(folders[1] ?? '') as never));
  console.log(`${''.padEnd(46)} ${'Millrace'.padStart(12)} ${'Kafka'.padStart(12)}`);
  const idle = servers.map(({ pid }) => residentBytes(pid));
  console.log(
    `from spawn to the first acknowledged record: ${servers.map(({ firstMs }) => `${firstMs.toFixed(0)} ms`).join(', ')}`,
  );
  console.log(`resident, idle: ${idle.map((bytes) => `${(bytes / 1e6).toFixed(0)} MB`).join(', ')}\n`);
  await compare(
    'produce, batches of 10 KiB, 32 in flight',
    servers,
    (one) => produce(one, perBatch),
    '/s',
    'aim 3×',
  );
  await compare('produce, single records, 32 in flight', servers, (one) => produce(one, 1), '/s', 'aim 8×');
  await compare('fetch, 1 MiB a question', servers, fetch, 'B/s', 'aim 1×, half the CPU');
} finally {
  for (const server of servers) await server.stop();
  rmSync(folder, { recursive: true, force: true });
}
