import { byteSize, counted } from './figures.ts';
import { type Cell, table } from './table.ts';
import type { Change } from './top-change.ts';

/** Beyond so many the quietest are left out. */
const maxRows = 15;

/** One picture of it. */
export function topScreen({ topics, groups, process }: Change, heading: string, metricsAt: string): string {
  return [
    heading,
    process === undefined ? withoutMetrics(metricsAt) : processLines(process),
    '',
    rows(
      ['TOPIC', 'PARTITIONS', 'RECORDS', 'IN/S'],
      topics.map(({ topic, partitions, records, inPerSecond }) => [
        topic,
        partitions,
        records ?? '?',
        inPerSecond ?? '?',
      ]),
      'there are no topics yet',
    ),
    '',
    rows(
      ['GROUP', 'KIND', 'MEMBERS', 'DONE/S', 'LAG'],
      groups.map(({ group, kind, members, donePerSecond, lag }) => [
        group,
        kind,
        members,
        donePerSecond,
        lag ?? '?',
      ]),
      'there are no groups yet',
    ),
  ].join('\n');
}

function withoutMetrics(metricsAt: string): string {
  return `no metrics at ${metricsAt}: start the broker with --metrics ${metricsAt} to see its CPU, memory, disk and event loop`;
}

function processLines(process: NonNullable<Change['process']>): string {
  const waiting = Object.entries(process.inFlight).map(([api, count]) => `${count} ${api}`);
  return [
    [
      `cpu ${Math.round(process.cpu * 100)} %`,
      `memory ${byteSize(process.residentBytes)}`,
      `event loop ${process.eventLoopDelayMs.toFixed(1)} ms late (p99)`,
      ...(process.diskFreeBytes === undefined ? [] : [`disk ${byteSize(process.diskFreeBytes)} free`]),
    ].join(' · '),
    [
      counted(process.connections, 'connection'),
      `${process.requestsPerSecond} requests/s`,
      `in ${byteSize(process.bytesInPerSecond)}/s`,
      `out ${byteSize(process.bytesOutPerSecond)}/s`,
      `waiting: ${waiting.length === 0 ? 'none' : waiting.join(', ')}`,
    ].join(' · '),
  ].join('\n');
}

function rows(headings: readonly string[], all: readonly (readonly Cell[])[], none: string): string {
  if (all.length === 0) return none;
  const shown = table(headings, all.slice(0, maxRows));
  return all.length > maxRows ? `${shown}\nand ${all.length - maxRows} more` : shown;
}
