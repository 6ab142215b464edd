import { BatchBuilder, type NewRecord, stampProducer } from '@millrace/record';
import type { Log } from '../log.ts';

export interface BatchOptions {
  /** Where a record has no own timestamp. 0. */
  readonly timestamp?: number;
  readonly producer?: {
    readonly producerId: number;
    readonly producerEpoch: number;
    readonly baseSequence: number;
  };
}

/** One batch, as a producer would send it. */
export function batchOf(values: readonly (string | NewRecord)[], options: BatchOptions = {}): Buffer {
  const builder = new BatchBuilder({ maxBytes: 64 * 1024 * 1024 });
  for (const value of values) {
    const record = typeof value === 'string' ? { value } : value;
    builder.tryAppend(record, options.timestamp ?? 0);
  }
  const batch = builder.build();
  if (options.producer !== undefined) stampProducer(batch, 0, options.producer);
  return batch;
}

/** The values of all records from an offset on, by the records of the log. */
export async function valuesOf(log: Log, from?: number): Promise<string[]> {
  const values: string[] = [];
  for await (const record of log.records(from === undefined ? {} : { from }))
    values.push(String(record.value));
  return values;
}

/** The bytes of all batches from an offset on, read as a broker reads them. */
export async function bytesOf(log: Log, from: number, maxBytes: number, upTo?: number): Promise<Buffer> {
  const slice = await log.read(from, { maxBytes, ...(upTo === undefined ? {} : { upTo }) });
  try {
    return await slice.read(0, slice.byteLength);
  } finally {
    slice.release();
  }
}
