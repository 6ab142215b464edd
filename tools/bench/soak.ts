// `npx tsx --conditions=@millrace/source tools/bench/soak.ts [minutes] [records a second, or full]`: a producer and a
// consumer at a steady rate beside retention, in a process of their own. Every ten seconds a line of what must stay flat:
// memory and descriptors of the broker, time from sending to acknowledgement. Ends with 1 when something was lost or grew.
// 12,000 records a second are a billion a day. Needs a build (`npm run setup`).
import { readdirSync } from 'node:fs';
import { createConsumer } from '@millrace/consumer';
import { createProducer } from '@millrace/producer';
import { startBrokerProcess } from './broker-process.ts';
import { clusterAt, createTopic, valueBytes } from './ends-load.ts';

const minutes = Number(process.argv[2] ?? 10);
const rate = process.argv[3] === 'full' ? Number.POSITIVE_INFINITY : Number(process.argv[3] ?? 12_000);
const partitions = 8;
const tickMs = 10;
const lineMs = 10_000;
/** As many as a full-speed producer keeps on their way. */
const mostUnanswered = 5_000;

interface Line {
  readonly residentBytes: number;
  readonly descriptors: number;
}

const broker = await startBrokerProcess();
const cluster = clusterAt(broker.address);
await createTopic(cluster, 'soak', partitions, {
  'segment.bytes': String(16 * 1024 * 1024),
  'retention.bytes': String(32 * 1024 * 1024),
});
const producer = createProducer(cluster, { acks: 'leader' });
const consumer = createConsumer(cluster, {
  partitions: Array.from({ length: partitions }, (_, partition) => ({ topic: 'soak', partition, from: 0 })),
});
const value = Buffer.alloc(valueBytes, 'x');
let sent = 0;
let unanswered = 0;
let read = 0;
let outOfOrder = 0;
let latenciesMs: number[] = [];
const nextOffsets = new Map<number, number>();

const reading = (async (): Promise<void> => {
  for await (const records of consumer.batches()) {
    for (const { partition, offset } of records) {
      // Behind retention a reader goes on at the log's start; never before what it has seen.
      if (offset < (nextOffsets.get(partition) ?? 0)) outOfOrder += 1;
      nextOffsets.set(partition, offset + 1);
    }
    read += records.length;
  }
})();

function send(): void {
  const started = performance.now();
  unanswered += 1;
  producer.send({ topic: 'soak', partition: sent % partitions, value }).then(
    () => {
      unanswered -= 1;
      if (latenciesMs.length < 100_000) latenciesMs.push(performance.now() - started);
    },
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
  sent += 1;
}

function percentile(sorted: readonly number[], share: number): string {
  return (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN).toFixed(1);
}

function tell(seconds: number): Line {
  const sorted = latenciesMs.sort((a, b) => a - b);
  latenciesMs = [];
  const residentBytes = broker.residentBytes();
  const descriptors = readdirSync(`/proc/${broker.pid}/fd`).length;
  console.log(
    `${seconds.toFixed(0).padStart(5)} s  sent ${sent}  read ${read}  p50 ${percentile(sorted, 0.5)} ms  p99 ${percentile(sorted, 0.99)} ms  ` +
      `broker ${(residentBytes / 1e6).toFixed(0)} MB, ${descriptors} descriptors  here ${(process.memoryUsage.rss() / 1e6).toFixed(0)} MB`,
  );
  return { residentBytes, descriptors };
}

const lines: Line[] = [];
const started = performance.now();
for (let nextLineAt = lineMs; ; ) {
  const elapsedMs = performance.now() - started;
  if (elapsedMs >= minutes * 60_000) break;
  const due = Math.min((elapsedMs / 1_000) * rate, sent + mostUnanswered - unanswered);
  while (sent < due) send();
  if (elapsedMs >= nextLineAt) {
    lines.push(tell(elapsedMs / 1_000));
    nextLineAt += lineMs;
  }
  await new Promise((resolve) => setTimeout(resolve, rate === Number.POSITIVE_INFINITY ? 0 : tickMs));
}
await producer.close();
for (let waited = 0; read < sent && waited < 10_000; waited += 100)
  await new Promise((resolve) => setTimeout(resolve, 100));
await consumer.close();
await reading;
await cluster.close();
await broker.stop();

/** The largest of the last third may not be far over that of the second: the first is warming up. */
function grew(of: (line: Line) => number, by: number): boolean {
  const third = Math.floor(lines.length / 3);
  const largest = (some: readonly Line[]): number => Math.max(...some.map(of));
  return third > 0 && largest(lines.slice(-third)) > largest(lines.slice(third, 2 * third)) * by;
}

const faults = [
  ...(outOfOrder > 0 ? [`${outOfOrder} records came out of order`] : []),
  // At full speed retention may overtake the reader.
  ...(rate !== Number.POSITIVE_INFINITY && read !== sent
    ? [`${sent - read} of ${sent} records were not read`]
    : []),
  ...(grew(({ residentBytes }) => residentBytes, 1.15) ? ['the memory of the broker grew'] : []),
  ...(grew(({ descriptors }) => descriptors, 1.2) ? ['the descriptors of the broker grew'] : []),
];
console.log(faults.length === 0 ? `${sent} sent, ${read} read, flat` : faults.join('\n'));
process.exitCode = faults.length === 0 ? 0 : 1;
