import { type BatchProducer, checkProducer, writeChecksum, writeProducer } from './batch-header.ts';
import {
  attributeBits,
  batchHeaderBytes,
  batchMagic,
  largestInt32,
  layout,
  lengthOverheadBytes,
  smallestRecordBytes,
} from './batch-layout.ts';
import { type CompressionCodec, compressions } from './compression.ts';
import { recordError } from './errors.ts';
import { writeInt64 } from './int64.ts';
import type { NewRecord } from './record.ts';
import { byteLengthOf, sizeOfBody, sizeOfHeaders, writeRecord } from './record-codec.ts';
import { sizeOfVarint } from './varint.ts';

const noProducer: BatchProducer = Object.freeze({ producerId: -1, producerEpoch: -1, baseSequence: -1 });
const emptyBuffer = Buffer.alloc(0);
const firstCapacity = 1024;

/**
 * Gathers records into one batch. Records are written as they come, into one buffer that `build` hands out; the next
 * batch gets a buffer of the size that the last one needed.
 */
export class BatchBuilder {
  readonly #maxBytes: number;
  readonly #codec: CompressionCodec | undefined;
  #buffer = emptyBuffer;
  #capacity: number;
  #size = batchHeaderBytes;
  #recordCount = 0;
  #baseTimestamp = 0;
  #maxTimestamp = 0;

  /**
   * `maxBytes`: of the batch before compression, header included. `expectedBytes`: what the first batch is expected to need,
   * where one knows; it may need more or less.
   */
  constructor(options: { maxBytes: number; expectedBytes?: number; codec?: CompressionCodec }) {
    const { maxBytes, expectedBytes = 0, codec } = options;
    if (
      !Number.isInteger(maxBytes) ||
      maxBytes < batchHeaderBytes + smallestRecordBytes ||
      maxBytes > largestInt32
    ) {
      throw new RangeError(
        `maxBytes is ${maxBytes}, a batch has ${batchHeaderBytes + smallestRecordBytes} to ${largestInt32} bytes`,
      );
    }
    this.#maxBytes = maxBytes;
    this.#capacity = Math.max(firstCapacity, expectedBytes);
    this.#codec = codec;
  }

  get recordCount(): number {
    return this.#recordCount;
  }

  /** Before compression, header included: 61 when it is empty. */
  get sizeInBytes(): number {
    return this.#size;
  }

  /**
   * false when the record would not fit and the batch is not empty; RECORD_TOO_LARGE when it would not fit in any.
   * INVALID_RECORD when it is none. `timestamp` (ms since the epoch) stands where the record has none. Whatever happens,
   * the batch holds whole records only, and nothing of the caller's: bytes are copied.
   */
  tryAppend(record: NewRecord, timestamp: number): boolean {
    const at = record.timestamp ?? timestamp;
    if (!Number.isSafeInteger(at) || at < 0) {
      throw recordError('INVALID_RECORD', `timestamp ${at} is not a whole number of milliseconds since 1970`);
    }
    const keyBytes = byteLengthOf(record.key ?? null, 'the key');
    const valueBytes = byteLengthOf(record.value, 'the value');
    const headersBytes = record.headers === undefined ? 1 : sizeOfHeaders(record.headers);
    const offsetDelta = this.#recordCount;
    const timestampDelta = offsetDelta === 0 ? 0 : at - this.#baseTimestamp;
    const bodyBytes = sizeOfBody(timestampDelta, offsetDelta, keyBytes, valueBytes, headersBytes);
    const end = this.#size + sizeOfVarint(bodyBytes) + bodyBytes;
    if (end > this.#maxBytes) {
      this.#refuseIfTooLarge(sizeOfBody(0, 0, keyBytes, valueBytes, headersBytes));
      return false;
    }
    if (end > this.#buffer.length) this.#grow(end);
    writeRecord(
      this.#buffer,
      this.#size,
      record,
      bodyBytes,
      timestampDelta,
      offsetDelta,
      keyBytes,
      valueBytes,
    );
    if (offsetDelta === 0) this.#baseTimestamp = at;
    if (offsetDelta === 0 || at > this.#maxTimestamp) this.#maxTimestamp = at;
    this.#recordCount = offsetDelta + 1;
    this.#size = end;
    return true;
  }

  /**
   * The batch: base offset 0, leader epoch -1, checksum written. The buffer is the caller's, and the builder is empty
   * again. RangeError when there are no records, or for a producer's numbers that do not fit; the builder is then unchanged.
   */
  build(producer: BatchProducer = noProducer): Buffer {
    if (this.#recordCount === 0) throw new RangeError('a batch without records is not built');
    checkProducer(producer);
    const batch = this.#codec === undefined ? this.#takeBuffer() : this.#compressed(this.#codec);
    this.#writeHeader(batch, producer);
    this.#size = batchHeaderBytes;
    this.#recordCount = 0;
    return batch;
  }

  #refuseIfTooLarge(bodyBytes: number): void {
    const size = sizeOfVarint(bodyBytes) + bodyBytes;
    if (batchHeaderBytes + size <= this.#maxBytes) return;
    throw recordError(
      'RECORD_TOO_LARGE',
      `a record of ${size} bytes does not fit in a batch of at most ${this.#maxBytes} bytes (${batchHeaderBytes} of them its header)`,
      { details: { recordBytes: size, maxBytes: this.#maxBytes } },
    );
  }

  /** Not from Node's pool: a batch that waits somewhere must not hold on to its neighbours there. */
  #grow(needed: number): void {
    const doubled = Math.max(needed, this.#capacity, this.#buffer.length * 2);
    const grown = Buffer.allocUnsafeSlow(Math.min(doubled, this.#maxBytes));
    if (this.#recordCount > 0) this.#buffer.copy(grown, 0, 0, this.#size);
    this.#buffer = grown;
  }

  #takeBuffer(): Buffer {
    const batch = this.#buffer.subarray(0, this.#size);
    this.#capacity = this.#size + (this.#size >> 4);
    this.#buffer = emptyBuffer;
    return batch;
  }

  /** Our own buffer stays for the next batch. */
  #compressed(codec: CompressionCodec): Buffer {
    const records = codec.compress(this.#buffer.subarray(batchHeaderBytes, this.#size));
    const batch = Buffer.allocUnsafeSlow(batchHeaderBytes + records.length);
    batch.set(records, batchHeaderBytes);
    return batch;
  }

  #writeHeader(batch: Buffer, producer: BatchProducer): void {
    const compression = this.#codec === undefined ? 0 : compressions.indexOf(this.#codec.compression);
    writeInt64(batch, layout.baseOffset, 0);
    batch.writeInt32BE(batch.length - lengthOverheadBytes, layout.length);
    batch.writeInt32BE(-1, layout.leaderEpoch);
    batch[layout.magic] = batchMagic;
    batch.writeInt16BE(compression & attributeBits.compression, layout.attributes);
    batch.writeInt32BE(this.#recordCount - 1, layout.lastOffsetDelta);
    writeInt64(batch, layout.baseTimestamp, this.#baseTimestamp);
    writeInt64(batch, layout.maxTimestamp, this.#maxTimestamp);
    writeProducer(batch, 0, producer);
    batch.writeInt32BE(this.#recordCount, layout.recordCount);
    writeChecksum(batch, 0, batch.length);
  }
}
