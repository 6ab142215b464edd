import { exitCodes } from './exit-code.ts';
import { byteSize } from './figures.ts';
import { recordTimes } from './group-lag.ts';
import { localTime } from './local-time.ts';
import { print } from './print.ts';
import { type BrokerOptions, withCluster } from './session.ts';
import { type Cell, table } from './table.ts';
import { describeTopic, type TopicDescription } from './topic-description.ts';
import type { VerbContext } from './verb-context.ts';

export interface ExplainRetentionOptions extends BrokerOptions {
  readonly json?: boolean;
}

/** When the oldest record of each partition leaves, and what holds it. UNKNOWN_TOPIC_OR_PARTITION. */
export function explainRetention(
  topic: string,
  options: ExplainRetentionOptions,
  context: VerbContext,
): Promise<number> {
  const { world } = context.io;
  return withCluster(options, context, async (cluster) => {
    const description = await describeTopic(cluster, topic);
    const oldest = description.partitions.flatMap(({ partition, start, end }) =>
      start === undefined || end === undefined || start === end ? [] : [{ topic, partition, from: start }],
    );
    const times = await recordTimes(cluster, oldest, world);
    const rules = rulesOf(description);
    const partitions = description.partitions.map(({ partition, start, end }) => {
      const writtenAt = times.get(`${topic}-${partition}`);
      return {
        partition,
        start,
        end,
        writtenAt,
        ...leaving(rules, start === end, writtenAt, world.clock.now()),
      };
    });
    if (options.json === true || context.io.stdout.isTTY !== true)
      await print(JSON.stringify({ topic, ...rules, partitions }), context.io);
    else await print(asText(topic, rules, partitions), context.io);
    return exitCodes.fine;
  });
}

/** What decides, as the brokers say; -1: never. */
interface Rules {
  readonly cleanupPolicy: string;
  readonly retentionMs: number;
  readonly retentionBytes: number;
  readonly segmentBytes: number;
  readonly segmentMs: number;
}

interface Leaving {
  /** The first moment, ms since the epoch; undefined: never, or not by its age. */
  readonly leavesAt: number | undefined;
  readonly because: string;
}

type Row = Leaving & {
  readonly partition: number;
  readonly start: number | undefined;
  readonly writtenAt: number | undefined;
};

function rulesOf({ config }: TopicDescription): Rules {
  const value = (name: string): string => config.find((entry) => entry.name === name)?.value ?? '';
  return {
    cleanupPolicy: value('cleanup.policy'),
    retentionMs: Number(value('retention.ms')),
    retentionBytes: Number(value('retention.bytes')),
    segmentBytes: Number(value('segment.bytes')),
    segmentMs: Number(value('segment.ms')),
  };
}

function leaving(rules: Rules, isEmpty: boolean, writtenAt: number | undefined, now: number): Leaving {
  const { cleanupPolicy, retentionMs, retentionBytes } = rules;
  if (isEmpty) return { leavesAt: undefined, because: 'nothing is there' };
  if (!cleanupPolicy.includes('delete'))
    return { leavesAt: undefined, because: 'stays until its key is written again, and is compacted then' };
  const bySize = retentionBytes >= 0 ? `, or sooner by size (${byteSize(retentionBytes)} stay)` : '';
  if (retentionMs < 0)
    return {
      leavesAt: undefined,
      because: retentionBytes < 0 ? 'never: neither age nor size is bounded' : `not by age${bySize}`,
    };
  if (writtenAt === undefined) return { leavesAt: undefined, because: 'its age could not be read in time' };
  const leavesAt = writtenAt + retentionMs;
  const because =
    leavesAt <= now
      ? 'due, and held by a younger record in its file'
      : 'at the earliest: once the youngest record in its file is as old';
  return { leavesAt, because: `${because}${bySize}` };
}

function asText(topic: string, rules: Rules, rows: readonly Row[]): string {
  const { cleanupPolicy, retentionMs, retentionBytes, segmentBytes, segmentMs } = rules;
  const age =
    retentionMs < 0 ? 'never' : `a file goes once its youngest record is older than ${duration(retentionMs)}`;
  const size =
    retentionBytes < 0
      ? 'never'
      : `the oldest files go while the others hold ${byteSize(retentionBytes)} or more`;
  const cells = rows.map(({ partition, start, writtenAt, leavesAt, because }): Cell[] => [
    partition,
    start ?? '-',
    writtenAt === undefined ? '-' : localTime(writtenAt),
    leavesAt === undefined ? '-' : localTime(leavesAt),
    because,
  ]);
  return [
    `${topic}: cleanup.policy=${cleanupPolicy}`,
    `  by age   ${age} (retention.ms=${retentionMs})`,
    `  by size  ${size} (retention.bytes=${retentionBytes})`,
    `  files    a new one is begun at ${byteSize(segmentBytes)} (segment.bytes), or when a record is ${duration(segmentMs)} younger than the first (segment.ms)`,
    '',
    table(['PARTITION', 'OLDEST', 'WRITTEN', 'LEAVES', ''], cells),
  ].join('\n');
}

const units = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
] as const;

/** `7 days`, in the largest unit of which it is a whole number. */
function duration(ms: number): string {
  const [name, size] = units.find(([, one]) => ms >= one && ms % one === 0) ?? ['ms', 1];
  const count = ms / size;
  return name === 'ms' ? `${count} ms` : `${count} ${name}${count === 1 ? '' : 's'}`;
}
