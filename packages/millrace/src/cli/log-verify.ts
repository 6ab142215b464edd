import { inspectLog, type LogInspection } from '@millrace/log';
import { prepareChecksums } from '@millrace/record';
import { findLogs } from '../log-tools/find-logs.ts';
import { exitCodes } from './exit-code.ts';
import { byteSize, counted } from './figures.ts';
import { damageLines, isDamaged } from './log-damage.ts';
import { runLong, wantsJson } from './log-verb.ts';
import type { VerbContext } from './verb-context.ts';

export interface VerifyVerbOptions {
  readonly json?: boolean;
}

/** Reads every batch of the logs in a directory; exit code 5 when one is damaged. LOG_NOT_FOUND. */
export function verifyVerb(
  directory: string,
  options: VerifyVerbOptions,
  context: VerbContext,
): Promise<number> {
  return runLong('verifying', context, async (passed, signal) => {
    const { io } = context;
    const { logs } = await findLogs(directory, io.world);
    await prepareChecksums();
    const onRead = (bytes: number): void => {
      passed.bytes += bytes;
    };
    let code: number = exitCodes.fine;
    for (const { name, path } of logs) {
      const found = await inspectLog(path, { checksums: true, signal, onRead }, io.world);
      if (isDamaged(found)) code = exitCodes.checkFailed;
      io.stdout.write(wantsJson(options, context) ? json(name, found) : text(name, found));
    }
    return code;
  });
}

function json(name: string, inspection: LogInspection): string {
  const { startOffset, endOffset } = inspection;
  const damage = inspection.segments.flatMap(({ path, damage: ranges }) =>
    ranges.map((range) => ({ file: path, ...range })),
  );
  const torn = inspection.segments.flatMap(({ path, torn: tear }) =>
    tear === undefined ? [] : [{ file: path, ...tear }],
  );
  const line = {
    log: name,
    sound: !isDamaged(inspection),
    startOffset,
    endOffset,
    ...sums(inspection),
    damage,
    torn,
  };
  return `${JSON.stringify(line)}\n`;
}

function text(name: string, inspection: LogInspection): string {
  const { batches, records, bytes } = sums(inspection);
  const verdict = isDamaged(inspection) ? 'DAMAGED' : 'sound';
  const { endOffset, recoveryPoint = 0 } = inspection;
  const missing =
    endOffset < recoveryPoint
      ? [`missing: offsets ${endOffset} to ${recoveryPoint - 1} were flushed once`]
      : [];
  const lines = [
    `${name}: ${verdict}, ${counted(batches, 'batch').replace(/batchs$/, 'batches')}, ${counted(records, 'record')}, ${byteSize(bytes)}`,
    ...[...damageLines(inspection), ...missing].map((line) => `  ${line}`),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

function sums({ segments }: LogInspection): { batches: number; records: number; bytes: number } {
  const result = { batches: 0, records: 0, bytes: 0 };
  for (const { batches, records, soundBytes } of segments) {
    result.batches += batches;
    result.records += records;
    result.bytes += soundBytes;
  }
  return result;
}
