/** How the records of a batch are compressed; the order is Kafka's numbering (attribute bits 0 to 2). */
export type Compression = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd';

/** One compression, loaded. Both calls are synchronous: batches are small and bounded. */
export interface CompressionCodec {
  readonly compression: Compression;
  compress(bytes: Uint8Array): Buffer;
  /** CORRUPT_MESSAGE when the bytes are damaged or would exceed `maxBytes`. */
  decompress(bytes: Uint8Array, maxBytes: number): Buffer;
}

/** Position in this list = Kafka's number. */
export const compressions: readonly Compression[] = Object.freeze(['none', 'gzip', 'snappy', 'lz4', 'zstd']);
