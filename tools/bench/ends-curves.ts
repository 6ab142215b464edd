import { connect, type Socket } from 'node:net';
import type { Cluster } from '@millrace/client';
import type { BrokerProcess } from './broker-process.ts';
import { createTopic, fiftyRecords, produce } from './ends-load.ts';
import { human, median } from './rounds.ts';

interface CurveSettings {
  readonly rounds: number;
  readonly seconds: number;
  readonly line: (what: string, figure: string, note: string) => void;
}

/** What a million acknowledged records cost the broker, beside their rate. */
async function costOf(
  broker: BrokerProcess,
  work: () => Promise<number>,
  { rounds, seconds }: CurveSettings,
): Promise<{ readonly rate: number; readonly cpuPerMillion: number }> {
  await work();
  const rates: number[] = [];
  const costs: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const before = broker.cpuSeconds();
    const rate = await work();
    rates.push(rate);
    costs.push(((broker.cpuSeconds() - before) * 1e6) / (rate * seconds));
  }
  return { rate: median(rates), cpuPerMillion: median(costs) };
}

function batchesOfFifty(cluster: Cluster, topic: string, partitions: number, seconds: number) {
  const options = { acks: 'leader', batchBytes: fiftyRecords } as const;
  const callers = Math.max(32, partitions);
  return () => produce(cluster, { topic, partitions, options, together: 50, callers, seconds });
}

/** The same work beside connections on which nothing happens. */
export async function idleConnections(
  broker: BrokerProcess,
  cluster: Cluster,
  settings: CurveSettings,
): Promise<void> {
  await createTopic(cluster, 'beside', 1);
  const sockets: Socket[] = [];
  for (const count of [0, 1_000, 5_000]) {
    while (sockets.length < count) {
      const next = Array.from({ length: 100 }, () => connect(broker.port, broker.host));
      await Promise.all(next.map((socket) => new Promise((resolve) => socket.once('connect', resolve))));
      sockets.push(...next);
    }
    const work = batchesOfFifty(cluster, 'beside', 1, settings.seconds);
    const { rate, cpuPerMillion } = await costOf(broker, work, settings);
    const resident = `${(broker.residentBytes() / 1e6).toFixed(0)} MB resident`;
    const cpu = `broker ${cpuPerMillion.toFixed(2)} s of CPU per million, ${resident}`;
    settings.line(`batches of 50, ${count} idle connections`, human(rate), cpu);
  }
  for (const socket of sockets) socket.destroy();
}

/** The same work in ever more partitions, each batch still of 50 records. */
export async function partitionCurve(
  broker: BrokerProcess,
  cluster: Cluster,
  settings: CurveSettings,
): Promise<void> {
  for (const partitions of [1, 10, 100, 1_000]) {
    const topic = `in-${partitions}`;
    await createTopic(cluster, topic, partitions);
    const work = batchesOfFifty(cluster, topic, partitions, settings.seconds);
    const { rate, cpuPerMillion } = await costOf(broker, work, settings);
    const cpu = `broker ${cpuPerMillion.toFixed(2)} s of CPU per million`;
    settings.line(`batches of 50 in ${partitions} partitions`, human(rate), cpu);
  }
}
