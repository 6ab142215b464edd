import type { Compression, Encoder, Offset, RecordHeader } from '@millrace/record';

/** What keys and values are without a serde: text is written as UTF-8, null is a tombstone. */
export type Bytes = string | Uint8Array | null;

export interface ProducerRecord<Key = Bytes, Value = Bytes> {
  topic: string;
  /** Default: by the key; without one, a batch here, a batch there. */
  partition?: number;
  /** ms since the epoch; default: now. */
  timestamp?: number;
  headers?: readonly RecordHeader[];
  key?: Key;
  value: Value;
}

/** Where a record came to lie. */
export interface Delivery {
  readonly topic: string;
  readonly partition: number;
  /** Under acks `none` nobody knows: -1. */
  readonly offset: Offset;
}

/** Which of `partitions` takes a key: pure, the same for every producer of a topic. */
export type Partitioner = (key: Uint8Array, partitions: number) => number;

export interface ProducerOptions<Key = Bytes, Value = Bytes> {
  /** Default: text as UTF-8, bytes as they are. */
  key?: Encoder<Key>;
  value?: Encoder<Value>;
  /** `none`: not even an answer; `leader`: in its page cache; `all`: as safe as the broker promises. Both of these write once what has to be sent again. `all` */
  acks?: 'none' | 'leader' | 'all';
  /** How long a record may wait for company. 0: what one turn of the event loop produced goes together. 0 */
  lingerMs?: number;
  /** A batch this large goes at once. 64 KiB */
  batchBytes?: number;
  /** Of records that are not settled; beyond, `send` waits. 32 MiB */
  bufferBytes?: number;
  compression?: Compression;
  /** murmur2, as Kafka's. */
  partitioner?: Partitioner;
  /** From the first record of a batch to its end, with all that is tried in between. 2 min */
  deliveryTimeoutMs?: number;
}

/** How a producer works, every choice made. */
export interface ProducerConfig {
  readonly acks: 'none' | 'leader' | 'all';
  readonly lingerMs: number;
  readonly batchBytes: number;
  readonly bufferBytes: number;
  readonly compression: Compression;
  readonly deliveryTimeoutMs: number;
  /** Of one batch, and so of one record: what brokers take unless told otherwise. */
  readonly maxBatchBytes: number;
  /** Of the batches that go to one broker in one request; a larger batch goes alone. */
  readonly maxRequestBytes: number;
  /** Batches of one partition without an answer: as many as a broker remembers of a producer; without sequences one, or they would change places. */
  readonly maxInFlight: number;
  /** How long the broker may wait for the other replicas. */
  readonly requestTimeoutMs: number;
  /** The pause after a first failure; it doubles. */
  readonly retryBackoffMs: number;
}

const defaultConfig: ProducerConfig = Object.freeze({
  acks: 'all',
  lingerMs: 0,
  batchBytes: 64 * 1024,
  bufferBytes: 32 * 1024 * 1024,
  compression: 'none',
  deliveryTimeoutMs: 120_000,
  maxBatchBytes: 1024 * 1024,
  maxRequestBytes: 1024 * 1024,
  maxInFlight: 5,
  requestTimeoutMs: 30_000,
  retryBackoffMs: 50,
});

/** `defaultConfig` with what the caller chose. */
export function configOf<Key, Value>(options: ProducerOptions<Key, Value>): ProducerConfig {
  const { key: _key, value: _value, partitioner: _partitioner, ...rest } = options;
  const given = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
  const config = { ...defaultConfig, ...given };
  return config.acks === 'none' ? { ...config, maxInFlight: 1 } : config;
}
