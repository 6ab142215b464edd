// Placeholder declarations: the package's owner replaces each by its implementation.
import type { BatchHeader } from './batch-header.ts';
import type { Compression, CompressionCodec } from './compression.ts';
import type { LogRecord, NewRecord, Offset } from './record.ts';
import type { Serde } from './serde.ts';

export type { BatchHeader } from './batch-header.ts';
export type { Compression, CompressionCodec } from './compression.ts';
export type { LogRecord, NewRecord, Offset, RecordHeader } from './record.ts';
export type { Serde } from './serde.ts';

/** Gathers records into one batch. */
export declare class BatchBuilder {
  /** `maxBytes`: of the batch before compression, header included. */
  constructor(options: { maxBytes: number; codec?: CompressionCodec });
  readonly recordCount: number;
  readonly sizeInBytes: number;
  /** false when it would not fit and the batch is not empty; RECORD_TOO_LARGE when it would not fit in any. `timestamp` stands where the record has none. */
  tryAppend(record: NewRecord, timestamp: number): boolean;
  /** Base offset 0, leader epoch -1. The builder is then empty again. */
  build(producer?: { producerId: number; producerEpoch: number; baseSequence: number }): Buffer;
}
export declare const batchHeaderBytes: 61;
/** CORRUPT_MESSAGE when length or magic are impossible. */
export declare function readBatchHeader(bytes: Buffer, position?: number): BatchHeader;
/** Length, magic, attributes, count and checksum: one pass. CORRUPT_MESSAGE. */
export declare function verifyBatch(bytes: Buffer, position?: number): BatchHeader;
export declare function stampBatch(
  bytes: Buffer,
  position: number,
  stamp: { baseOffset: Offset; leaderEpoch: number },
): void;
/** Re-stamps a batch as a producer's (and its checksum). */
export declare function stampProducer(
  bytes: Buffer,
  position: number,
  producer: { producerId: number; producerEpoch: number; baseSequence: number },
): void;
/** Of the whole batch; undefined when fewer than 12 bytes are there. CORRUPT_MESSAGE for an impossible length. */
export declare function batchSizeAt(bytes: Buffer, position: number): number | undefined;
/** Whole batches only; a partial tail is left. */
export declare function batchesIn(bytes: Buffer): Iterable<{ position: number; header: BatchHeader }>;
/** Skips control batches and records before `from`. COMPRESSION_UNAVAILABLE, CORRUPT_MESSAGE. */
export declare function recordsIn(
  bytes: Buffer,
  options?: { from?: Offset; codecs?: CompressionCodecs; maxBytes?: number },
): Iterable<LogRecord>;
/** `none` and `gzip` need no entry. */
export type CompressionCodecs = ReadonlyMap<Compression, CompressionCodec>;
/** COMPRESSION_UNAVAILABLE names the package to install. */
export declare function loadCompression(compression: Compression): Promise<CompressionCodec>;
export declare function crc32c(bytes: Uint8Array, start?: number, end?: number): number;
/** Kafka's: signed int32. */
export declare function murmur2(bytes: Uint8Array): number;
export declare const bytes: Serde<Buffer | null>;
export declare const text: Serde<string>;
export declare function json<T>(): Serde<T>;
export type RecordErrorCode =
  | 'CORRUPT_MESSAGE'
  | 'RECORD_TOO_LARGE'
  | 'COMPRESSION_UNAVAILABLE'
  | 'INVALID_RECORD';
