import { basename } from 'node:path';
import { batchesOfSegment, type InspectedBatch, inspectLog, type LogInspection } from '@millrace/log';
import { type FoundLog, findLogs } from '../log-tools/find-logs.ts';
import { exitCodes } from './exit-code.ts';
import { byteSize } from './figures.ts';
import { damageLines } from './log-damage.ts';
import { runLong, wantsJson } from './log-verb.ts';
import { Output } from './output.ts';
import { table } from './table.ts';
import type { VerbContext } from './verb-context.ts';

export interface InspectVerbOptions {
  readonly batches?: boolean;
  readonly json?: boolean;
}

/** Says what lies in a directory, log by log. LOG_NOT_FOUND. */
export function inspectVerb(
  directory: string,
  options: InspectVerbOptions,
  context: VerbContext,
): Promise<number> {
  return runLong('reading', context, async (passed, signal) => {
    const { io } = context;
    const { logs } = await findLogs(directory, io.world);
    const output = new Output(io.stdout, io.world.clock);
    const onRead = (bytes: number): void => {
      passed.bytes += bytes;
    };
    const lines = wantsJson(options, context) ? jsonLines : textLines;
    try {
      for (const log of logs) {
        const inspection = await inspectLog(log.path, { signal, onRead }, io.world);
        for await (const line of lines(log, inspection, options.batches === true, context)) {
          if (output.readerGone.aborted) return exitCodes.fine;
          signal.throwIfAborted();
          await output.write([Buffer.from(`${line}\n`)]);
        }
      }
    } finally {
      await output.end();
    }
    return exitCodes.fine;
  });
}

async function* jsonLines(
  { name }: FoundLog,
  inspection: LogInspection,
  withBatches: boolean,
  { io }: VerbContext,
): AsyncIterable<string> {
  yield JSON.stringify({ log: name, ...inspection });
  if (!withBatches) return;
  for (const segment of inspection.segments) {
    const file = basename(segment.path);
    for await (const batch of batchesOfSegment(segment, io.world))
      yield JSON.stringify({ log: name, file, ...batch });
  }
}

async function* textLines(
  { name }: FoundLog,
  inspection: LogInspection,
  withBatches: boolean,
  { io }: VerbContext,
): AsyncIterable<string> {
  yield* heading(name, inspection);
  yield segmentTable(inspection);
  for (const line of damageLines(inspection)) yield line;
  if (withBatches) {
    for (const segment of inspection.segments) {
      yield `batches of ${basename(segment.path)}`;
      for await (const batch of batchesOfSegment(segment, io.world)) yield `  ${batchLine(batch)}`;
    }
  }
  yield '';
}

function heading(name: string, inspection: LogInspection): string[] {
  const { identity, startOffset, endOffset, recoveryPoint, cleanShutdown, leaderEpochs, snapshots } =
    inspection;
  const epochs = leaderEpochs?.map(({ epoch, startOffset: from }) => `${epoch} from ${from}`).join(', ');
  return [
    `${name}  offsets ${startOffset} to ${endOffset}, ${cleanShutdown === undefined ? 'in use or not closed cleanly' : 'closed cleanly'}`,
    `  identity         ${identity ?? 'none'}`,
    `  recovery point   ${recoveryPoint ?? 'none'}`,
    `  leader epochs    ${epochs === undefined || epochs === '' ? 'none' : epochs}`,
    `  producers as of  ${snapshots.length === 0 ? 'nowhere' : snapshots.join(', ')}`,
  ];
}

function segmentTable({ segments }: LogInspection): string {
  return table(
    ['SEGMENT', 'FROM', 'TO', 'BATCHES', 'RECORDS', 'SIZE', 'INDEX', 'FIRST', 'LAST'],
    segments.map((segment) => [
      basename(segment.path),
      segment.baseOffset,
      segment.nextOffset,
      segment.batches,
      segment.records,
      byteSize(segment.sizeInBytes),
      String(segment.index),
      time(segment.timestamps?.smallest),
      time(segment.timestamps?.largest),
    ]),
  );
}

function batchLine(batch: InspectedBatch): string {
  const { position, baseOffset, lastOffset, recordCount, sizeInBytes, compression, leaderEpoch } = batch;
  const producer =
    batch.producerId < 0 ? '' : `, producer ${batch.producerId}/${batch.producerEpoch}/${batch.baseSequence}`;
  return `byte ${position}: offsets ${baseOffset} to ${lastOffset}, ${recordCount} records, ${sizeInBytes} B, ${compression}, epoch ${leaderEpoch}${producer}, ${time(batch.maxTimestamp)}`;
}

function time(ms: number | undefined): string {
  if (ms === undefined || ms < 0 || ms > 8.64e15) return '-';
  return new Date(ms).toISOString();
}
