import { type Log, openLog } from '@millrace/log';
import { BatchBuilder } from '@millrace/record';

export const recordBytes = 200;
/** About 10 KiB. */
export const recordsPerBatch = 50;

/** Does its work once and answers how much of it a second, or how long it took. */
export type Measure = () => Promise<number>;

export function makeBatch(records: number): Buffer {
  const builder = new BatchBuilder({ maxBytes: 1024 * 1024 });
  const value = Buffer.alloc(recordBytes, 'a log line ');
  for (let n = 0; n < records; n++) builder.tryAppend({ value }, 0);
  return builder.build();
}

/** Appends batches of so many records until the log has so many bytes, and flushes. */
export async function fill(log: Log, bytes: number, records = recordsPerBatch): Promise<void> {
  const some = Buffer.concat(Array.from({ length: 100 }, () => makeBatch(records)));
  while (log.sizeInBytes < bytes) await log.appendBatches(Buffer.from(some), { leaderEpoch: 0 });
  await log.flush();
}

/** A closed log of so many bytes. */
export async function makeLog(
  path: string,
  bytes: number,
  options: Parameters<typeof openLog>[1] = {},
  records = recordsPerBatch,
): Promise<void> {
  const log = await openLog(path, options);
  await fill(log, bytes, records);
  await log.close();
}

export async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}

/** The value below which this share of the sorted figures lies. */
export function quantile(figures: readonly number[], share: number): number {
  const sorted = [...figures].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
