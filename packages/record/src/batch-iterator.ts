import { type BatchHeader, batchSizeAt, readBatchHeader } from './batch-header.ts';
import { batchHeaderBytes } from './batch-layout.ts';
import type { Compression, CompressionCodec } from './compression.ts';
import { corrupt, recordError } from './errors.ts';
import { gzipCodec } from './gzip.ts';
import type { LogRecord, Offset } from './record.ts';
import { RecordReader } from './record-reader.ts';

/** `none` and `gzip` need no entry. */
export type CompressionCodecs = ReadonlyMap<Compression, CompressionCodec>;

/** Of one batch, decompressed, where the caller says nothing else. */
const defaultMaxBytes = 64 * 1024 * 1024;

/** The headers of whole batches, in order; a partial tail is left. CORRUPT_MESSAGE where no batch is. */
export function batchesIn(bytes: Buffer): Iterable<{ position: number; header: BatchHeader }> {
  return { [Symbol.iterator]: () => new BatchIterator(bytes) };
}

/**
 * The records of whole batches, in order; a partial tail is left. Skips control batches and records before `from`;
 * batches that end before it are not opened. Checksums are not looked at (`verifyBatch` does), the structure is.
 * `maxBytes` bounds what one compressed batch may become (64 MiB). While iterating: COMPRESSION_UNAVAILABLE,
 * CORRUPT_MESSAGE.
 */
export function recordsIn(
  bytes: Buffer,
  options: { from?: Offset; codecs?: CompressionCodecs; maxBytes?: number } = {},
): Iterable<LogRecord> {
  const { from = 0, codecs, maxBytes = defaultMaxBytes } = options;
  return { [Symbol.iterator]: () => new RecordIterator(bytes, from, codecs, maxBytes) };
}

class BatchIterator implements Iterator<{ position: number; header: BatchHeader }> {
  readonly #bytes: Buffer;
  #position = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  next(): IteratorResult<{ position: number; header: BatchHeader }, undefined> {
    const position = this.#position;
    const size = batchSizeAt(this.#bytes, position);
    if (size === undefined || position + size > this.#bytes.length) return { done: true, value: undefined };
    const header = readBatchHeader(this.#bytes, position);
    this.#position = position + size;
    return { done: false, value: { position, header } };
  }
}

/** By hand rather than a generator: it is on the path of every record that is consumed. */
class RecordIterator implements Iterator<LogRecord> {
  readonly #bytes: Buffer;
  readonly #from: Offset;
  readonly #codecs: CompressionCodecs | undefined;
  readonly #maxBytes: number;
  /** Where the next batch begins. */
  #position = 0;
  #batch: RecordReader | undefined;

  constructor(bytes: Buffer, from: Offset, codecs: CompressionCodecs | undefined, maxBytes: number) {
    this.#bytes = bytes;
    this.#from = from;
    this.#codecs = codecs;
    this.#maxBytes = maxBytes;
  }

  next(): IteratorResult<LogRecord, undefined> {
    for (;;) {
      if (this.#batch === undefined && !this.#openNextBatch()) return { done: true, value: undefined };
      const value = this.#batch?.next();
      if (value !== undefined) return { done: false, value };
      this.#batch = undefined;
    }
  }

  /** A consumer that breaks off needs nothing closed; the batch is let go of. */
  return(): IteratorResult<LogRecord, undefined> {
    this.#batch = undefined;
    this.#position = this.#bytes.length;
    return { done: true, value: undefined };
  }

  #openNextBatch(): boolean {
    for (;;) {
      const position = this.#position;
      const size = batchSizeAt(this.#bytes, position);
      if (size === undefined || position + size > this.#bytes.length) return false;
      const header = readBatchHeader(this.#bytes, position);
      this.#position = position + size;
      if (header.isControl || header.lastOffset < this.#from) continue;
      this.#batch = this.#open(header, position);
      return true;
    }
  }

  #open(header: BatchHeader, position: number): RecordReader {
    const start = position + batchHeaderBytes;
    const end = position + header.sizeInBytes;
    if (header.compression === 'none') return new RecordReader(header, this.#bytes, start, end, this.#from);
    const codec = this.#codecFor(header.compression);
    const records = codec.decompress(this.#bytes.subarray(start, end), this.#maxBytes);
    if (records.length > this.#maxBytes) {
      throw corrupt(
        `the batch at offset ${header.baseOffset} decompresses to ${records.length} bytes, the limit is ${this.#maxBytes}`,
      );
    }
    return new RecordReader(header, records, 0, records.length, this.#from);
  }

  #codecFor(compression: Compression): CompressionCodec {
    const codec = this.#codecs?.get(compression) ?? (compression === 'gzip' ? gzipCodec : undefined);
    if (codec !== undefined) return codec;
    throw recordError(
      'COMPRESSION_UNAVAILABLE',
      `a batch is compressed with ${compression}, and no codec for it was given`,
      {
        hint: `pass codecs: new Map([['${compression}', await loadCompression('${compression}')]])`,
      },
    );
  }
}
