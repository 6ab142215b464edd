import type { ConsumerRecord } from '@millrace/consumer';
import type { Output } from './output.ts';
import type { RecordFormat } from './record-format.ts';

/** Writes records until there were `max`, those alone that `takes` wants; rests when the output does. Returns the last one and how many. */
export async function writeRecords(
  records: readonly ConsumerRecord[],
  { format, output, max }: { format: RecordFormat; output: Output; max: number },
  takes: (record: ConsumerRecord) => boolean = () => true,
): Promise<{ written: number; last: ConsumerRecord | undefined }> {
  let written = 0;
  let last: ConsumerRecord | undefined;
  for (const record of records) {
    if (written === max) break;
    if (!takes(record)) continue;
    const rest = output.write(format(record));
    written += 1;
    last = record;
    if (rest !== undefined) await rest;
  }
  return { written, last };
}
