// `npx tsx --conditions=@millrace/source tools/bench/ends.ts`: Millrace's own producer and consumer against a broker in
// another process, over TCP. `ends.ts produce`, `consume` for a part. Needs a build (`npm run setup`).
import { cpus } from 'node:os';
import type { Cluster } from '@millrace/client';
import type { ProducerOptions } from '@millrace/producer';
import { type BrokerProcess, startBrokerProcess } from './broker-process.ts';
import { clusterAt, consume, createTopic, fiftyRecords, produce, produceReadyMade } from './ends-load.ts';
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
  await createTopic(cluster, 'one', 1);
  await createTopic(cluster, 'eight', 8);
  await createTopic(cluster, 'unhurried', 8, { 'flush.ms': '20' });
  const fifty = { acks: 'leader', batchBytes: fiftyRecords } as const;
  const load = (topic: string, options: ProducerOptions, together = 50, callers = 32) => {
    const partitions = topic === 'one' ? 1 : 8;
    return () => produce(cluster, { topic, partitions, seconds, options, together, callers });
  };
  const readyMade = (topic: 'one' | 'eight') => () =>
    produceReadyMade(cluster, {
      topic,
      partitions: topic === 'one' ? 1 : 8,
      seconds,
      options: fifty,
      together: 50,
      callers: 64,
    });
  const raw = (recordsPerBatch: number, inFlight: number) => () =>
    rawProduce(broker, 'one', { recordsPerBatch, inFlight, acks: 'leader', seconds });
  const fiftyAll = { acks: 'all', batchBytes: fiftyRecords } as const;
  const works: { readonly [name: string]: { work: () => Promise<number>; aim?: string } } = {
    'batches of 50, acks leader, 1 partition': { work: load('one', fifty), aim: 'aim 1 M' },
    '  8 partitions': { work: load('eight', fifty, 50, 64) },
    '  8 partitions, flush.ms=20': { work: load('unhurried', fifty, 50, 64) },
    'ready-made batches of 50, acks leader, 1 partition': { work: readyMade('one'), aim: 'aim 1 M' },
    '  8 partitions  ': { work: readyMade('eight') },
    'batches of 50, acks all, 1 partition': { work: load('one', fiftyAll), aim: 'aim half of it' },
    '  8 partitions ': { work: load('eight', fiftyAll, 50, 64) },
    'batches as they come, acks leader, 1 partition': { work: load('one', { acks: 'leader' }) },
    'batches as they come, acks all, 1 partition': { work: load('one', { acks: 'all' }) },
    'one send each, 64 callers, acks leader': {
      work: load('one', { acks: 'leader' }, 1, 64),
      aim: 'aim 100 k',
    },
    '  acks all': { work: load('one', { acks: 'all' }, 1, 64), aim: 'aim 35 k' },
    'requests by hand: batches of 50, 5 in flight, acks leader': { work: raw(50, 5) },
    '  32 in flight': { work: raw(50, 32) },
    'requests by hand: one record each, 64 in flight, acks leader': { work: raw(1, 64) },
  };
  const run = Object.fromEntries(Object.entries(works).map(([name, { work }]) => [name, work]));
  for (const work of Object.values(run)) await work();
  const figures = await alternate(rounds, run);
  for (const [name, { aim }] of Object.entries(works))
    line(name, human(figures[name] ?? Number.NaN), aim ?? '');
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
