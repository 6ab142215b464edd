// `npx tsx --conditions=@millrace/source tools/bench/ends.ts`: Millrace's own producer and consumer against a broker in
// another process, over TCP. `ends.ts produce`, `consume` for a part. Needs a build (`npm run setup`).
import { cpus } from 'node:os';
import type { Cluster } from '@millrace/client';
import { type BrokerProcess, startBrokerProcess } from './broker-process.ts';
import { clusterAt, consume, createTopic, fiftyRecords, produce } from './ends-load.ts';
import { rawProduce } from './raw-produce.ts';
import { alternate, human } from './rounds.ts';

const rounds = Number(process.env['ROUNDS'] ?? 5);
const seconds = Number(process.env['SECONDS'] ?? 3);
const readRecords = Number(process.env['RECORDS'] ?? 2_000_000);
const only = process.argv[2];

function line(what: string, figure: string, aim: string): void {
  console.log(`${what.padEnd(66)} ${figure.padStart(10)}   ${aim}`);
}

async function produceFigures(broker: BrokerProcess, cluster: Cluster): Promise<void> {
  await createTopic(cluster, 'written', 1);
  const base = { topic: 'written', partitions: 1, seconds };
  const batched = (acks: 'leader' | 'all') => () =>
    produce(cluster, { ...base, options: { acks, batchBytes: fiftyRecords }, together: 50, callers: 32 });
  const grown = (acks: 'leader' | 'all') => () =>
    produce(cluster, { ...base, options: { acks }, together: 50, callers: 32 });
  const single = (acks: 'leader' | 'all') => () =>
    produce(cluster, { ...base, options: { acks }, together: 1, callers: 64 });
  const raw = (recordsPerBatch: number, inFlight: number) => () =>
    rawProduce(broker, 'written', { recordsPerBatch, inFlight, acks: 'leader', seconds });
  const works = {
    batched: batched('leader'),
    batchedAll: batched('all'),
    grown: grown('leader'),
    grownAll: grown('all'),
    single: single('leader'),
    singleAll: single('all'),
    raw: raw(50, 5),
    raw32: raw(50, 32),
    rawSingle: raw(1, 64),
  };
  for (const work of Object.values(works)) await work();
  const figures = await alternate(rounds, works);
  const of = (name: keyof typeof works): string => human(figures[name] ?? Number.NaN);
  line('32 callers, 50 sends each, record batches of 50, acks leader', of('batched'), 'aim 1 M');
  line('  acks all', of('batchedAll'), 'aim half of it');
  line('32 callers, 50 sends each, batches as they come, acks leader', of('grown'), '');
  line('  acks all', of('grownAll'), '');
  line('64 callers, one send each, acks leader', of('single'), 'aim 100 k');
  line('  acks all', of('singleAll'), 'aim 35 k');
  line('requests by hand: batches of 50, 5 in flight, acks leader', of('raw'), '');
  line('  32 in flight', of('raw32'), '');
  line('requests by hand: one record each, 64 in flight, acks leader', of('rawSingle'), '');
}

async function consumeFigures(_broker: BrokerProcess, cluster: Cluster): Promise<void> {
  await createTopic(cluster, 'read', 1);
  const options = { acks: 'leader', batchBytes: fiftyRecords } as const;
  let written = 0;
  while (written < readRecords) {
    const rate = await produce(cluster, {
      topic: 'read',
      partitions: 1,
      options,
      together: 50,
      callers: 32,
      seconds,
    });
    written += rate * seconds;
  }
  const read = (by: 'batches' | 'records') => () => consume(cluster, 'read', 1, readRecords, by);
  const works = { batches: read('batches'), records: read('records') };
  for (const work of Object.values(works)) await work();
  const figures = await alternate(rounds, works);
  line('through batches()', human(figures['batches'] ?? Number.NaN), 'aim 2 M');
  line('through for await of records', human(figures['records'] ?? Number.NaN), 'aim 1 M');
}

const parts = {
  produce: produceFigures,
  consume: consumeFigures,
};
console.log(
  `Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model}; records/s of 200 bytes, medians of ${rounds} alternating rounds\n`,
);
for (const [name, measure] of Object.entries(parts)) {
  if (only !== undefined && only !== name) continue;
  const broker = await startBrokerProcess();
  const cluster = clusterAt(broker.address);
  await measure(broker, cluster);
  await cluster.close();
  await broker.stop();
}
