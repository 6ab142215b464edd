/** Position of a record in its log: a checked safe integer, counted from 0. Kafka's -1 never leaves the codecs. */
export type Offset = number;

/** A record to be written. */
export interface NewRecord {
  key?: string | Uint8Array | null;
  /** null is a tombstone. */
  value: string | Uint8Array | null;
  headers?: readonly RecordHeader[];
  /** ms since the epoch; default: the clock's now. */
  timestamp?: number;
}

/** A record as read. `key`, `value` and header values are views of the batch: copy what outlives it. */
export interface LogRecord {
  readonly offset: Offset;
  /** ms since the epoch. */
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly RecordHeader[];
}

export interface RecordHeader {
  readonly key: string;
  readonly value: Uint8Array | null;
}
