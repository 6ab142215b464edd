export type { BatchHeader } from './batch-header.ts';
export type { Compression, CompressionCodec } from './compression.ts';
export type { LogRecord, NewRecord, Offset, RecordHeader } from './record.ts';
export type { Serde } from './serde.ts';
export {
  BatchBuilder,
  batchesIn,
  batchHeaderBytes,
  batchSizeAt,
  bytes,
  type CompressionCodecs,
  crc32c,
  json,
  loadCompression,
  murmur2,
  type RecordErrorCode,
  readBatchHeader,
  recordsIn,
  stampBatch,
  stampProducer,
  text,
  verifyBatch,
} from './thin.ts';
