import type { Cluster } from '@millrace/client';
import { createConsumer } from '@millrace/consumer';
import type { TopicPartition } from '../offsets.ts';
import { planReading, Remainder, type Stretch } from '../reading-plan.ts';
import { type AssignorName, copyAsMember } from './consume-group.ts';
import { exitCodes } from './exit-code.ts';
import { listenForInterruption } from './interruption.ts';
import { Output } from './output.ts';
import { jsonLines, parseRecordFormat, type RecordFormat, valueLines } from './record-format.ts';
import { type BrokerOptions, partitionsOf, withCluster } from './session.ts';
import { parseStartPosition } from './start-position.ts';
import type { VerbContext } from './verb-context.ts';
import { writeRecords } from './write-records.ts';

export interface ConsumeOptions extends BrokerOptions {
  readonly from: string;
  readonly group?: string;
  readonly assignor: AssignorName;
  readonly toEnd?: boolean;
  readonly max?: number;
  readonly json?: boolean;
  readonly format?: string;
}

/** Writes records to stdout, and nothing else. A reader of stdout that has seen enough ends it without complaint. */
export async function consume(
  topics: readonly string[],
  options: ConsumeOptions,
  context: VerbContext,
): Promise<number> {
  const { io } = context;
  const from = parseStartPosition(options.from, io.world.clock.now());
  const format = formatOf(options);
  if (typeof from === 'object' && from.timestamp > io.world.clock.now())
    io.stderr.write(
      `note:  --from ${options.from} lies in the future; without records of that time it begins at the end\n`,
    );
  const interruption = listenForInterruption(io);
  const output = new Output(io.stdout, io.world.clock);
  const enough = AbortSignal.any([interruption.signal, output.readerGone]);
  try {
    await withCluster(options, context, async (cluster) => {
      const { group, assignor, max = Number.POSITIVE_INFINITY, toEnd = false } = options;
      const writing = { format, output, enough };
      if (group !== undefined)
        return copyAsMember(cluster, { group, assignor, topics, from, max }, writing, context);
      const partitions = await partitionsIn(cluster, topics, enough);
      const stretches = await planReading(cluster, partitions, from, toEnd, enough);
      return copy(cluster, stretches, max, writing, context);
    });
    await output.end();
  } catch (error) {
    if (!enough.aborted) throw error;
  } finally {
    interruption.ignore();
  }
  return interruption.by === undefined ? exitCodes.fine : exitCodes.interrupted;
}

function formatOf({ json, format }: ConsumeOptions): RecordFormat {
  if (json === true) return jsonLines;
  return format === undefined ? valueLines : parseRecordFormat(format);
}

async function partitionsIn(
  cluster: Cluster,
  topics: readonly string[],
  signal: AbortSignal,
): Promise<TopicPartition[]> {
  const counts = await Promise.all(
    [...new Set(topics)].map(async (topic) => ({ topic, count: await partitionsOf(cluster, topic, signal) })),
  );
  return counts.flatMap(({ topic, count }) =>
    Array.from({ length: count }, (_, partition) => ({ topic, partition })),
  );
}

async function copy(
  cluster: Cluster,
  stretches: readonly Stretch[],
  max: number,
  { format, output, enough }: { format: RecordFormat; output: Output; enough: AbortSignal },
  { io }: VerbContext,
): Promise<void> {
  const remainder = new Remainder(stretches);
  const partitions = stretches.filter(({ from, until }) => until === undefined || from < until);
  if (partitions.length === 0 || max === 0 || enough.aborted) return;
  const consumer = createConsumer(
    cluster,
    { partitions: partitions.map(({ topic, partition, from }) => ({ topic, partition, from })) },
    io.world,
  );
  // Ends the iteration below.
  const leave = (): void => void consumer.close();
  enough.addEventListener('abort', leave, { once: true });
  try {
    let left = max;
    for await (const records of consumer.batches()) {
      const { written } = await writeRecords(records, { format, output, max: left }, (record) =>
        remainder.takes(record),
      );
      left -= written;
      if (left === 0 || remainder.isDone || enough.aborted) break;
    }
  } finally {
    enough.removeEventListener('abort', leave);
    await consumer.close();
  }
}
