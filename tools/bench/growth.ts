// What a record costs while something grows that should not matter: the log, its segments, partitions, connections.
// Part of `npm run bench`. Needs a build (`npm run setup`).
import { execFileSync } from 'node:child_process';
import { connect, type Socket } from 'node:net';
import type { Cluster } from '@millrace/client';
import { type BrokerProcess, startBrokerProcess } from './broker-process.ts';
import { clusterAt, consume, createTopic, fiftyRecords, produce } from './ends-load.ts';
import { median } from './rounds.ts';
import { RawClient } from './transfer-client.ts';

export interface GrowthSettings {
  readonly rounds: number;
  readonly seconds: number;
}

/** Medians of the rounds. */
export interface Point {
  readonly count: number;
  readonly producedPerSecond: number;
  /** Of the broker, for a million acknowledged records. */
  readonly cpuPerMillion: number;
  /** Of the newest; only where the log is what grows. */
  readonly readPerSecond?: number;
  readonly residentBytes: number;
}

export interface Curve {
  readonly name: string;
  /** What is counted. */
  readonly of: string;
  readonly points: readonly Point[];
}

interface Place {
  readonly broker: BrokerProcess;
  readonly cluster: Cluster;
  readonly settings: GrowthSettings;
}

const readBack = 200_000;
const filler = { options: { acks: 'leader' }, together: 500, callers: 8, partitions: 1 } as const;

/** One after the other, each with a broker of its own. */
export async function growthCurves(settings: GrowthSettings): Promise<Curve[]> {
  const inPlace = async (draw: (place: Place) => Promise<Point[]>): Promise<Point[]> => {
    const broker = await startBrokerProcess(['--no-kafka']);
    const cluster = clusterAt(broker.address);
    try {
      return await draw({ broker, cluster, settings });
    } finally {
      await cluster.close();
      await broker.stop();
    }
  };
  const megabyte = { 'segment.bytes': String(1024 * 1024) };
  return [
    { name: 'the log grows', of: 'million records in it', points: await inPlace((place) => logCurve(place)) },
    {
      name: 'the log grows, in segments of 1 MiB',
      of: 'million records in it',
      points: await inPlace((place) => logCurve(place, megabyte)),
    },
    { name: 'more partitions', of: 'partitions, by turns', points: await inPlace(partitionCurve) },
    { name: 'idle connections', of: 'connections beside', points: await inPlace(idleCurve) },
    { name: 'stuck consumers', of: 'that asked for 1 MiB and never read', points: await inPlace(stuckCurve) },
  ];
}

/** Batches of 50 from one producer. */
async function pointOf(
  count: number,
  { broker, cluster, settings }: Place,
  topic: string,
  partitions = 1,
): Promise<Point> {
  const { rounds, seconds } = settings;
  const load = {
    topic,
    partitions,
    options: { acks: 'leader', batchBytes: fiftyRecords } as const,
    together: 50,
    callers: Math.max(32, partitions),
  };
  // What was written to get here must not be written back while something else is measured.
  execFileSync('sync');
  await produce(cluster, { ...load, seconds: 1 });
  const rates: number[] = [];
  const costs: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const before = broker.cpuSeconds();
    const rate = await produce(cluster, { ...load, seconds });
    rates.push(rate);
    costs.push(((broker.cpuSeconds() - before) * 1e6) / (rate * seconds));
  }
  return {
    count,
    producedPerSecond: median(rates),
    cpuPerMillion: median(costs),
    residentBytes: broker.residentBytes(),
  };
}

async function logCurve(place: Place, config?: Readonly<Record<string, string>>): Promise<Point[]> {
  const { cluster } = place;
  await createTopic(cluster, 'log', 1, config);
  const points: Point[] = [];
  for (const millions of [0, 1, 10]) {
    while ((await endOf(cluster)) < millions * 1e6)
      await produce(cluster, { ...filler, topic: 'log', seconds: 1 });
    const point = await pointOf(millions, place, 'log');
    const reads: number[] = [];
    for (let round = 0; round < place.settings.rounds; round += 1) {
      const from = (await endOf(cluster)) - readBack;
      reads.push(await consume(cluster, 'log', 1, readBack, 'batches', from));
    }
    points.push({ ...point, readPerSecond: median(reads) });
  }
  return points;
}

async function endOf(cluster: Cluster): Promise<number> {
  const asked = [{ topic: 'log', partition: 0, at: 'latest' as const }];
  return (await cluster.call('listOffsets', { partitions: asked })).partitions[0]?.offset ?? 0;
}

async function partitionCurve(place: Place): Promise<Point[]> {
  const points: Point[] = [];
  for (const count of [1, 10, 100, 1_000]) {
    await createTopic(place.cluster, `in-${count}`, count);
    points.push(await pointOf(count, place, `in-${count}`, count));
  }
  return points;
}

async function idleCurve(place: Place): Promise<Point[]> {
  const { host, port } = place.broker;
  await createTopic(place.cluster, 'beside', 1);
  const sockets: Socket[] = [];
  const points: Point[] = [];
  for (const count of [0, 1_000, 5_000]) {
    while (sockets.length < count) {
      const next = Array.from({ length: 100 }, () => connect(port, host));
      await Promise.all(next.map((socket) => new Promise((resolve) => socket.once('connect', resolve))));
      sockets.push(...next);
    }
    points.push(await pointOf(count, place, 'beside'));
  }
  for (const socket of sockets) socket.destroy();
  return points;
}

async function stuckCurve(place: Place): Promise<Point[]> {
  const { cluster, broker } = place;
  await createTopic(cluster, 'log', 1);
  await createTopic(cluster, 'beside', 1);
  while ((await endOf(cluster)) < 1e6) await produce(cluster, { ...filler, topic: 'log', seconds: 1 });
  const stuck: RawClient[] = [];
  const points: Point[] = [];
  for (const count of [0, 100, 1_000]) {
    while (stuck.length < count) {
      const client = new RawClient(broker.port);
      await client.connected();
      client.hello();
      const partition = {
        topic: 'log',
        partition: 0,
        fetchOffset: stuck.length * 500,
        maxBytes: 1024 * 1024,
      };
      client.fetch({ maxWaitMs: 0, minBytes: 1, maxBytes: 1024 * 1024, partitions: [partition] });
      client.pause();
      stuck.push(client);
    }
    points.push(await pointOf(count, place, 'beside'));
  }
  for (const client of stuck) client.destroy();
  return points;
}
