// Building and reading.
export { BatchBuilder } from './batch-builder.ts';
export {
  type BatchFilter,
  deleteHorizonOf,
  emptiedBatch,
  type FilteredBatch,
  filterBatch,
  rawRecordsIn,
} from './batch-filter.ts';
export {
  type BatchHeader,
  type BatchProducer,
  batchSizeAt,
  readBatchHeader,
  stampBatch,
  stampProducer,
  verifyBatch,
} from './batch-header.ts';
export { batchesIn, type CompressionCodecs, recordsIn } from './batch-iterator.ts';
export { batchHeaderBytes } from './batch-layout.ts';
// Compression and checksums.
export type { Compression, CompressionCodec } from './compression.ts';
export { crc32c, prepareChecksums } from './crc32c.ts';
export type { RecordErrorCode } from './errors.ts';
// Values.
export { isUndecodable, lenient, type Undecodable } from './lenient.ts';
export { loadCompression } from './load-compression.ts';
export { murmur2 } from './murmur2.ts';
export type { RawRecords } from './raw-records.ts';
export type { LogRecord, NewRecord, Offset, RecordHeader } from './record.ts';
export { bytes, type Decoder, type Encoder, json, type Serde, text } from './serde.ts';
export type { StandardSchema } from './standard-schema.ts';
