import fc from 'fast-check';
import { BatchBuilder } from '../batch-builder.ts';
import type { NewRecord, RecordHeader } from '../record.ts';

/** The largest time that a JavaScript `Date` knows. */
const latestTimestamp = 8.64e15;

/** What builds a batch, and the batch. */
export interface BuiltBatch {
  readonly records: readonly NewRecord[];
  readonly batch: Buffer;
}

/** Keys and values: null, any bytes, text of any script, and text long enough for every way of writing it. */
export function fieldArbitrary(): fc.Arbitrary<string | Uint8Array | null> {
  return fc.oneof(
    fc.constant(null),
    fc.uint8Array({ maxLength: 300 }),
    fc.string({ unit: 'grapheme', maxLength: 40 }),
    fc.string({ unit: 'binary-ascii', maxLength: 120 }),
  );
}

export function headerArbitrary(): fc.Arbitrary<RecordHeader> {
  return fc.record({
    key: fc.string({ unit: 'grapheme', maxLength: 12 }),
    value: fc.option(fc.uint8Array({ maxLength: 40 })),
  });
}

/** Records that a batch takes, with timestamps in any order. */
export function newRecordArbitrary(): fc.Arbitrary<NewRecord> {
  return fc.record(
    {
      key: fieldArbitrary(),
      value: fieldArbitrary(),
      headers: fc.array(headerArbitrary(), { maxLength: 4 }),
      timestamp: fc.oneof(
        fc.integer({ min: 1_700_000_000_000, max: 1_700_000_100_000 }),
        fc.integer({ min: 0, max: latestTimestamp }),
      ),
    },
    { requiredKeys: ['value'] },
  );
}

/** Batches of 1 to `maxRecords` records, not compressed. Records without a timestamp were appended at 1,700,000,000,000. */
export function batchArbitrary(maxRecords = 12): fc.Arbitrary<BuiltBatch> {
  return fc.array(newRecordArbitrary(), { minLength: 1, maxLength: maxRecords }).map((records) => {
    const builder = new BatchBuilder({ maxBytes: 1024 * 1024 });
    for (const record of records) builder.tryAppend(record, 1_700_000_000_000);
    return { records, batch: builder.build() };
  });
}
