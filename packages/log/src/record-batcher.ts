import { BatchBuilder, type NewRecord } from '@millrace/record';
import { tooLarge } from './append-assignment.ts';

/** Makes one batch of plain records, with a builder that is used again while batches succeed. */
export class RecordBatcher {
  #builder: BatchBuilder | undefined;
  #maxBytes = 0;

  /** `now`: for records without a timestamp. RECORD_TOO_LARGE; TypeError for no records at all. */
  build(records: readonly NewRecord[], maxBytes: number, now: number): Buffer {
    if (records.length === 0) throw new TypeError('append needs at least one record');
    const builder =
      (maxBytes === this.#maxBytes ? this.#builder : undefined) ?? new BatchBuilder({ maxBytes });
    // Kept only when it ends empty: after an error it may hold a part.
    this.#builder = undefined;
    for (const record of records) {
      if (!builder.tryAppend(record, now)) throw tooLarge(builder.sizeInBytes, maxBytes);
    }
    const batch = builder.build();
    this.#builder = builder;
    this.#maxBytes = maxBytes;
    return batch;
  }
}
