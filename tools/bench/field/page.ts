import { cpus, release } from 'node:os';
import { human, median } from '../rounds.ts';
import type { Limits } from './limits.ts';
import type { Measured } from './measure.ts';
import { batchSizes, type Client, messageBytes, messagesInFlight, type Peer } from './peer.ts';

/** One client of one peer: medians of all rounds. */
export interface Row {
  readonly name: string;
  readonly versions: string;
  readonly acknowledged: string;
  readonly batching: string | undefined;
  readonly produced: ReadonlyMap<number, number>;
  readonly consumed: number;
  readonly cpuPerMillion: ReadonlyMap<number, number>;
  readonly consumeCpuPerMillion: number;
  readonly startMs: number;
  readonly idleBytes: number;
  readonly residentBytes: number;
  readonly latency: ReadonlyMap<
    number,
    Measured['latency'] extends ReadonlyMap<number, infer One> ? One : never
  >;
  /** How far the rounds lie apart: the largest over the smallest, of the figure that moves most. */
  readonly spread: number;
}

export function rowOf(peer: Peer, client: Client, rounds: readonly Measured[]): Row {
  const of = (figure: (one: Measured) => number): number => median(rounds.map(figure));
  const byBatch = (figure: (one: Measured) => ReadonlyMap<number, number>): ReadonlyMap<number, number> =>
    new Map(
      batchSizes.flatMap((batch) =>
        rounds.every((one) => figure(one).has(batch))
          ? [[batch, of((one) => figure(one).get(batch) ?? 0)] as const]
          : [],
      ),
    );
  const moving = [
    ...batchSizes.map((batch) => rounds.map(({ produced }) => produced.get(batch) ?? 0)),
    rounds.map(({ consumed }) => consumed),
  ].filter((figures) => figures.every((figure) => figure > 0));
  return {
    name: peer.clients.length === 1 ? peer.name : `${peer.name} (${client.name})`,
    versions: `${peer.name} ${rounds[0]?.version ?? '?'}${client.version === rounds[0]?.version ? '' : `, ${client.version}`}`,
    acknowledged: peer.acknowledged,
    batching: client.batching,
    produced: byBatch(({ produced }) => produced),
    consumed: of(({ consumed }) => consumed),
    cpuPerMillion: byBatch(({ cpuPerMillion }) => cpuPerMillion),
    consumeCpuPerMillion: of(({ consumeCpuPerMillion }) => consumeCpuPerMillion),
    startMs: of(({ startMs }) => startMs),
    idleBytes: of(({ idleBytes }) => idleBytes),
    residentBytes: of(({ residentBytes }) => residentBytes),
    latency: new Map(
      [...(rounds[0]?.latency.keys() ?? [])].map((offered) => [offered, medianLatency(rounds, offered)]),
    ),
    spread: Math.max(...moving.map((figures) => Math.max(...figures) / Math.min(...figures))),
  };
}

/** Undefined when it fell behind in most rounds. */
function medianLatency(
  rounds: readonly Measured[],
  offered: number,
): { p50: number; p99: number; p999: number } | undefined {
  const kept = rounds.flatMap(({ latency }) => latency.get(offered) ?? []);
  if (kept.length * 2 < rounds.length) return undefined;
  return {
    p50: median(kept.map(({ p50 }) => p50)),
    p99: median(kept.map(({ p99 }) => p99)),
    p999: median(kept.map(({ p999 }) => p999)),
  };
}

type Column = readonly [title: string, of: (row: Row) => string];

const throughput: readonly Column[] = [
  ['', ({ name }) => name],
  ['produced singly /s', ({ produced }) => rate(produced.get(1))],
  ['in batches of 50 /s', ({ produced }) => rate(produced.get(50))],
  ['consumed /s', ({ consumed }) => rate(consumed)],
  ['spread', ({ spread }) => `× ${spread.toFixed(1)}`],
];
const costs: readonly Column[] = [
  ['', ({ name }) => name],
  ['CPU s per million, singly', ({ cpuPerMillion }) => seconds(cpuPerMillion.get(1))],
  ['in batches of 50', ({ cpuPerMillion }) => seconds(cpuPerMillion.get(50))],
  ['consumed', ({ consumeCpuPerMillion }) => seconds(consumeCpuPerMillion)],
  ['ready after', ({ startMs }) => (startMs === 0 ? '–' : `${(startMs / 1000).toFixed(2)} s`)],
  ['resident idle', ({ idleBytes }) => megabytes(idleBytes)],
  ['after the work', ({ residentBytes }) => megabytes(residentBytes)],
];

const settings: readonly Column[] = [
  ['', ({ name }) => name],
  ['versions', ({ versions }) => versions],
  ['an acknowledgement means', ({ acknowledged }) => acknowledged],
  ['50 at once', ({ batching }) => batching ?? 'it has no batches'],
];

/** How it was measured. */
interface Run {
  readonly rounds: number;
  readonly seconds: number;
  readonly absent: readonly string[];
  readonly limits: Limits;
}

/** For a terminal. */
export function tableOf(rows: readonly Row[], { rounds, seconds: each, absent, limits }: Run): string {
  return [
    ...[throughput, costs, latencyColumns(rows), settings].map((columns) => plain(columns, rows)),
    ...(absent.length === 0 ? [] : [absent.map((line) => `not measured: ${line}`).join('\n')]),
    limitLines(rows, limits)
      .map((cells) => cells.join('  ').trimEnd())
      .join('\n'),
    `${machine()}\n${messageBytes}-byte messages, ${messagesInFlight} in flight, ${rounds} rounds of ${each} s for each load`,
  ].join('\n\n');
}

/** What it is, how fast this machine does it, and the share that the fastest load of Millrace takes of it. */
function limitLines(rows: readonly Row[], limits: Limits): readonly (readonly string[])[] {
  const bytes = bestOf(rows) * messageBytes;
  const shared: readonly (readonly [string, number])[] = [
    ['loopback TCP', limits.loopback],
    ['writes into the page cache', limits.pageCacheWrite],
    ['CRC-32C', limits.crc32c],
  ];
  return [
    ...shared.map(([name, limit]) => [
      name,
      `${(limit / 1e6).toFixed(0)} MB/s`,
      `${((bytes / limit) * 100).toFixed(0)} %`,
    ]),
    ['fdatasync after 10 KiB', `${limits.fdatasync.toFixed(0)} /s`, ''],
  ];
}

/** Messages a second of Millrace's fastest load. */
function bestOf(rows: readonly Row[]): number {
  return Math.max(0, ...rows.filter(({ name }) => name.startsWith('Millrace')).map(fastest));
}

/** What all of it was measured on. */
export function machine(): string {
  return `${cpus().length} × ${cpus()[0]?.model.trim()}, Linux ${release()}, Node ${process.version}`;
}

/** The page in docs/benchmarks. */
export function fieldPage(rows: readonly Row[], run: Run): string {
  const best = bestOf(rows);
  return `# Millrace beside the field

The two figures of the slides, drawn again on one machine in one run: \`npm run bench -- --write\` makes this page. Do not edit it.

${machine()}, everything on loopback. ${messageBytes}-byte messages, one partition or queue, one producer or consumer,
${messagesInFlight} messages in flight. ${run.rounds} alternating rounds, each with a fresh broker: ${run.seconds} s for each load after 1 s to warm up. Medians. *Spread*: the largest of the rounds over the smallest, of the figure that moved most.

![Producer](field-producer.svg)

![Consumer](field-consumer.svg)

${markdown(throughput, rows)}

*Singly* means one \`send\` a message. Millrace's producer puts what one turn of the event loop produced into one batch, with nothing set; Redis' client does likewise with its pipeline; the others send each message for itself.

**Where Millrace loses.** Redis and NATS start in a tenth of the time and need less memory. At 1,000 to 10,000 messages a second Redis and NATS acknowledge sooner: they answer from memory, and Millrace's answers leave at the end of a turn of the event loop.

## What it costs

CPU of the broker's processes (in process: broker and client together), in seconds for a million messages.

${markdown(costs, rows)}

## How long an acknowledgement takes

Single messages at a steady rate, p50 / p99 / p99.9 in ms, counted from when each was due. *behind*: it could not keep up.

${markdown(latencyColumns(rows), rows)}

## With what settings

${markdown(settings, rows, '---')}
${run.absent.length === 0 ? '' : `\nNot measured: ${run.absent.join('; ')}.\n`}
## The limits of the machine

From one Node process, in the same run; the last column is the share that the fastest load of Millrace (${human(best)} messages/s, ${((best * messageBytes) / 1e6).toFixed(0)} MB/s of values) takes of it.

| | | share |
|---|---|---|
${limitLines(rows, run.limits)
  .map((cells) => `| ${cells.join(' | ')} |`)
  .join('\n')}
`;
}

function fastest({ produced, consumed }: Row): number {
  return Math.max(consumed, ...produced.values());
}

function latencyColumns(rows: readonly Row[]): readonly Column[] {
  const offered = [...(rows[0]?.latency.keys() ?? [])];
  return [
    ['', ({ name }) => name],
    ...offered.map(
      (perSecond): Column => [
        `at ${human(perSecond).replace('.0', '')}/s`,
        ({ latency }) => {
          const one = latency.get(perSecond);
          return one === undefined ? 'behind' : [one.p50, one.p99, one.p999].map(milliseconds).join(' / ');
        },
      ],
    ),
  ];
}

function plain(columns: readonly Column[], rows: readonly Row[]): string {
  const cells = [columns.map(([title]) => title), ...rows.map((row) => columns.map(([, of]) => of(row)))];
  const widths = columns.map((_, at) => Math.max(...cells.map((line) => line[at]?.length ?? 0)));
  return cells.map((line) => line.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join('  ')).join('\n');
}

function markdown(columns: readonly Column[], rows: readonly Row[], align = '---:'): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [
    line(columns.map(([title]) => title)),
    line(columns.map((_, at) => (at === 0 ? '---' : align))),
    ...rows.map((row) => line(columns.map(([, of]) => of(row)))),
  ].join('\n');
}

function rate(perSecond: number | undefined): string {
  return perSecond === undefined ? '–' : human(perSecond);
}

function seconds(figure: number | undefined): string {
  return figure === undefined ? '–' : figure.toFixed(figure < 10 ? 2 : 0);
}

function megabytes(bytes: number): string {
  return bytes === 0 ? '–' : `${(bytes / 1e6).toFixed(0)} MB`;
}

function milliseconds(ms: number): string {
  return ms.toFixed(ms < 10 ? 1 : 0);
}
