import {
  attributeBits,
  batchHeaderBytes,
  batchMagic,
  largestInt16,
  largestInt32,
  layout,
  lengthOverheadBytes,
  smallestRecordBytes,
} from './batch-layout.ts';
import { type Compression, compressions } from './compression.ts';
import { crc32c } from './crc32c.ts';
import { corrupt } from './errors.ts';
import { readInt64, writeInt64 } from './int64.ts';
import type { Offset } from './record.ts';

/** The 61 bytes before the records of a batch, read. */
export interface BatchHeader {
  readonly baseOffset: Offset;
  /** Inclusive. */
  readonly lastOffset: Offset;
  /** Of the whole batch, header included. */
  readonly sizeInBytes: number;
  readonly leaderEpoch: number;
  readonly recordCount: number;
  readonly compression: Compression;
  readonly baseTimestamp: number;
  readonly maxTimestamp: number;
  readonly timestampType: 'create' | 'append';
  /** -1: none; likewise epoch and sequence. */
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  readonly isTransactional: boolean;
  readonly isControl: boolean;
}

/** Who wrote a batch and where in its sequence it stands. */
export interface BatchProducer {
  producerId: number;
  producerEpoch: number;
  baseSequence: number;
}

/**
 * Size of the whole batch that begins at `position`; undefined when fewer than 12 bytes are there, so that it cannot be
 * known. CORRUPT_MESSAGE for a length that no batch has.
 */
export function batchSizeAt(bytes: Buffer, position: number): number | undefined {
  if (position + lengthOverheadBytes > bytes.length) return undefined;
  const length = bytes.readInt32BE(position + layout.length);
  if (length < batchHeaderBytes - lengthOverheadBytes) {
    throw corrupt(
      `the batch at byte ${position} declares a length of ${length}, the least is ${batchHeaderBytes - lengthOverheadBytes}`,
    );
  }
  return lengthOverheadBytes + length;
}

/**
 * Reads the header at `position`; the records behind it need not be there. CORRUPT_MESSAGE for what no header says:
 * fewer than 61 bytes, another length or magic, unknown attributes, a count that does not fit, numbers beyond 2^53.
 */
export function readBatchHeader(bytes: Buffer, position = 0): BatchHeader {
  const sizeInBytes = batchSizeAt(bytes, position);
  if (sizeInBytes === undefined || position + batchHeaderBytes > bytes.length) {
    throw corrupt(
      `a batch header of ${batchHeaderBytes} bytes was expected at byte ${position}, and ${Math.max(0, bytes.length - position)} are there`,
    );
  }
  const magic = bytes[position + layout.magic];
  if (magic !== batchMagic) {
    throw corrupt(`the batch at byte ${position} has magic ${magic}, only ${batchMagic} is read`);
  }
  const attributes = bytes.readUInt16BE(position + layout.attributes);
  const compression = compressions[attributes & attributeBits.compression];
  if (compression === undefined || (attributes & ~attributeBits.known) !== 0) {
    throw corrupt(`the batch at byte ${position} has unknown attributes 0x${attributes.toString(16)}`);
  }
  const baseOffset = readInt64(bytes, position + layout.baseOffset, 'base offset');
  const lastOffsetDelta = bytes.readInt32BE(position + layout.lastOffsetDelta);
  const header: BatchHeader = {
    baseOffset,
    lastOffset: baseOffset + lastOffsetDelta,
    sizeInBytes,
    leaderEpoch: bytes.readInt32BE(position + layout.leaderEpoch),
    recordCount: bytes.readInt32BE(position + layout.recordCount),
    compression,
    baseTimestamp: readInt64(bytes, position + layout.baseTimestamp, 'base timestamp'),
    maxTimestamp: readInt64(bytes, position + layout.maxTimestamp, 'max timestamp'),
    timestampType: (attributes & attributeBits.appendTime) === 0 ? 'create' : 'append',
    producerId: readInt64(bytes, position + layout.producerId, 'producer id'),
    producerEpoch: bytes.readInt16BE(position + layout.producerEpoch),
    baseSequence: bytes.readInt32BE(position + layout.baseSequence),
    isTransactional: (attributes & attributeBits.transactional) !== 0,
    isControl: (attributes & attributeBits.control) !== 0,
  };
  checkNumbers(header, lastOffsetDelta, position);
  return header;
}

function checkNumbers(header: BatchHeader, lastOffsetDelta: number, position: number): void {
  const { baseOffset, recordCount, compression, sizeInBytes } = header;
  if (baseOffset < 0 || lastOffsetDelta < 0 || !Number.isSafeInteger(header.lastOffset)) {
    throw corrupt(
      `the batch at byte ${position} has base offset ${baseOffset} and last offset delta ${lastOffsetDelta}`,
    );
  }
  // Compaction leaves fewer records than offsets, also none at all.
  if (recordCount < 0 || recordCount > lastOffsetDelta + 1) {
    throw corrupt(
      `the batch at byte ${position} counts ${recordCount} records for ${lastOffsetDelta + 1} offsets`,
    );
  }
  if (compression === 'none' && recordCount * smallestRecordBytes > sizeInBytes - batchHeaderBytes) {
    throw corrupt(
      `the batch at byte ${position} counts ${recordCount} records in ${sizeInBytes - batchHeaderBytes} bytes`,
    );
  }
  // -1 is Kafka's "none" in all of these.
  if (
    header.leaderEpoch < -1 ||
    header.producerId < -1 ||
    header.producerEpoch < -1 ||
    header.baseSequence < -1
  ) {
    throw corrupt(
      `the batch at byte ${position} has leader epoch ${header.leaderEpoch}, producer ${header.producerId} of epoch ${header.producerEpoch}, sequence ${header.baseSequence}`,
    );
  }
  if (header.baseTimestamp < -1 || header.maxTimestamp < -1) {
    throw corrupt(
      `the batch at byte ${position} has timestamps ${header.baseTimestamp} to ${header.maxTimestamp}`,
    );
  }
}

/**
 * Checks that a whole, undamaged batch is at `position`: the header as `readBatchHeader` does, that all its bytes are
 * there, and its checksum, in one pass. The records are not opened. CORRUPT_MESSAGE, and nothing else, for any bytes.
 */
export function verifyBatch(bytes: Buffer, position = 0): BatchHeader {
  const header = readBatchHeader(bytes, position);
  const end = position + header.sizeInBytes;
  if (end > bytes.length) {
    throw corrupt(
      `the batch at byte ${position} has ${header.sizeInBytes} bytes, and ${bytes.length - position} are there`,
    );
  }
  const computed = crc32c(bytes, position + layout.attributes, end);
  const stored = bytes.readUInt32BE(position + layout.checksum);
  if (computed !== stored) {
    throw corrupt(
      `the batch at byte ${position} has checksum ${hex(stored)}, its bytes give ${hex(computed)}`,
    );
  }
  return header;
}

function hex(checksum: number): string {
  return `0x${checksum.toString(16).padStart(8, '0')}`;
}

/** Writes, in place, the twelve bytes that a leader decides. They lie outside the checksum. */
export function stampBatch(
  bytes: Buffer,
  position: number,
  stamp: { baseOffset: Offset; leaderEpoch: number },
): void {
  if (!Number.isSafeInteger(stamp.baseOffset) || stamp.baseOffset < 0) {
    throw new RangeError(`base offset ${stamp.baseOffset} is no offset`);
  }
  bytes.writeInt32BE(stamp.leaderEpoch, position + layout.leaderEpoch);
  writeInt64(bytes, position + layout.baseOffset, stamp.baseOffset);
}

/**
 * Re-stamps, in place, a whole batch as a producer's, and its checksum. CORRUPT_MESSAGE when the batch is not all there,
 * RangeError for numbers that do not fit; nothing is written then.
 */
export function stampProducer(bytes: Buffer, position: number, producer: BatchProducer): void {
  checkProducer(producer);
  const size = batchSizeAt(bytes, position);
  if (size === undefined || position + size > bytes.length) {
    throw corrupt(`a whole batch was expected at byte ${position} of ${bytes.length}`);
  }
  writeProducer(bytes, position, producer);
  writeChecksum(bytes, position, position + size);
}

/** RangeError for numbers that the fields of a producer do not hold; -1 says that there is none. */
export function checkProducer({ producerId, producerEpoch, baseSequence }: BatchProducer): void {
  if (!Number.isSafeInteger(producerId) || producerId < -1) {
    throw new RangeError(`producer id ${producerId} is not in [-1, 2^53)`);
  }
  if (!Number.isInteger(producerEpoch) || producerEpoch < -1 || producerEpoch > largestInt16) {
    throw new RangeError(`producer epoch ${producerEpoch} is not in [-1, ${largestInt16}]`);
  }
  if (!Number.isInteger(baseSequence) || baseSequence < -1 || baseSequence > largestInt32) {
    throw new RangeError(`base sequence ${baseSequence} is not in [-1, ${largestInt32}]`);
  }
}

/** A checked producer's fields alone; the checksum is then to be written. */
export function writeProducer(bytes: Buffer, position: number, producer: BatchProducer): void {
  writeInt64(bytes, position + layout.producerId, producer.producerId);
  bytes.writeInt16BE(producer.producerEpoch, position + layout.producerEpoch);
  bytes.writeInt32BE(producer.baseSequence, position + layout.baseSequence);
}

/** The checksum of a batch whose other bytes stand. */
export function writeChecksum(bytes: Buffer, position: number, end: number): void {
  bytes.writeUInt32BE(crc32c(bytes, position + layout.attributes, end), position + layout.checksum);
}
