import { type Decoder, type LogRecord, type Offset, recordsIn } from '@millrace/record';
import type { AssignedPartition } from './assigned-partition.ts';
import type { ConsumerRecord } from './config.ts';
import { consumerError } from './errors.ts';
import type { FetchedBatches, LoadedCodecs } from './fetched-batches.ts';

export interface Serdes<Key, Value> {
  readonly key?: Decoder<Key>;
  readonly value?: Decoder<Value>;
}

/** Goes through the records of what one fetch brought of one partition. */
export class RecordCursor<Key, Value> {
  readonly partition: AssignedPartition;
  /** Where the partition stands once all records are taken: beyond the last, also where records are missing. */
  readonly nextOffset: Offset;
  readonly #version: number;
  readonly #serdes: Serdes<Key, Value>;
  readonly #records: Iterator<LogRecord>;
  /** Of the record given last, as it was written. */
  key: Buffer | null = null;

  constructor(
    partition: AssignedPartition,
    batches: FetchedBatches,
    serdes: Serdes<Key, Value>,
    codecs: LoadedCodecs,
  ) {
    this.partition = partition;
    this.nextOffset = batches.nextOffset;
    this.#version = partition.version;
    this.#serdes = serdes;
    this.#records = recordsIn(batches.bytes, { from: batches.from, codecs })[Symbol.iterator]();
  }

  /** Whether a seek or the loss of the partition has overtaken it. */
  get isStale(): boolean {
    return this.partition.isLost || this.partition.version !== this.#version;
  }

  /** undefined at the end. UNDECODABLE_RECORD, CORRUPT_MESSAGE. */
  next(): ConsumerRecord<Key, Value> | undefined {
    const { value: record, done } = this.#records.next();
    if (done === true) return undefined;
    const { topic, partition, signal } = this.partition;
    const { offset, timestamp, headers } = record;
    const { key, value } = this.#serdes;
    this.key = record.key;
    try {
      return {
        topic,
        partition,
        offset,
        timestamp,
        headers,
        key: key === undefined ? (record.key as Key) : key.decode(record.key),
        value: value === undefined ? (record.value as Value) : value.decode(record.value),
        signal,
      };
    } catch (cause) {
      const { message } = cause as { message?: string };
      throw consumerError(
        'UNDECODABLE_RECORD',
        `${this.partition.name} at offset ${offset}: ${message ?? String(cause)}`,
        {
          cause,
          hint: `seek to offset ${offset + 1} to skip it, or read the topic without a serde`,
          details: { topic, partition, offset },
        },
      );
    }
  }
}
