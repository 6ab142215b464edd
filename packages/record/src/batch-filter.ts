import { type BatchHeader, readBatchHeader, writeChecksum } from './batch-header.ts';
import type { CompressionCodecs } from './batch-iterator.ts';
import { attributeBits, batchHeaderBytes, layout, lengthOverheadBytes } from './batch-layout.ts';
import type { CompressionCodec } from './compression.ts';
import { corrupt, recordError } from './errors.ts';
import { gzipCodec } from './gzip.ts';
import { readInt64, writeInt64 } from './int64.ts';
import { RawRecords } from './raw-records.ts';
import { sizeOfVarint, sizeOfVarlong, writeVarint, writeVarlong } from './varint.ts';

/** Of one batch, decompressed. */
const defaultMaxBytes = 64 * 1024 * 1024;

export interface BatchFilter {
  /** Whether the record that the walk has come to stays; called once for each, in order. */
  keep(record: RawRecords): boolean;
  /** ms since the epoch: from when on tombstones of this batch may go, for a batch that keeps one and says nothing yet. */
  readonly deleteHorizonMs?: number;
  readonly codecs?: CompressionCodecs;
}

export interface FilteredBatch {
  /** The very bytes that were given when nothing had to change. */
  readonly bytes: Buffer;
  readonly kept: number;
  readonly removed: number;
  /** Of those kept: null values of a key. */
  readonly tombstones: number;
  /** ms since the epoch, as it now stands in the batch (KIP-534). */
  readonly deleteHorizonMs: number | undefined;
}

/** The raw records of one whole batch. CORRUPT_MESSAGE, COMPRESSION_UNAVAILABLE. */
export function rawRecordsIn(batch: Buffer, codecs?: CompressionCodecs): RawRecords {
  const header = readBatchHeader(batch);
  if (header.compression === 'none' || header.recordCount === 0) {
    return new RawRecords(header, batch, batchHeaderBytes, header.sizeInBytes);
  }
  const packed = batch.subarray(batchHeaderBytes, header.sizeInBytes);
  const bytes = codecFor(header, codecs).decompress(packed, defaultMaxBytes);
  if (bytes.length > defaultMaxBytes) {
    throw corrupt(
      `the batch at offset ${header.baseOffset} decompresses to ${bytes.length} bytes, the limit is ${defaultMaxBytes}`,
    );
  }
  return new RawRecords(header, bytes, 0, bytes.length);
}

/** ms since the epoch from when on a batch's tombstones may go; undefined when it does not say (KIP-534). */
export function deleteHorizonOf(batch: Buffer): number | undefined {
  const attributes = batch.readUInt16BE(layout.attributes);
  if ((attributes & attributeBits.deleteHorizon) === 0) return undefined;
  return readInt64(batch, layout.baseTimestamp, 'delete horizon');
}

/**
 * One whole batch without some of its records. Base offset, last offset, leader epoch, producer, sequence, timestamps
 * and compression stay; offsets of what is kept do, too, so that gaps appear. A batch that keeps nothing is a header
 * alone, without compression. The checksum is written, never checked. CORRUPT_MESSAGE, COMPRESSION_UNAVAILABLE.
 */
export function filterBatch(batch: Buffer, filter: BatchFilter): FilteredBatch {
  const header = readBatchHeader(batch);
  const records = rawRecordsIn(batch, filter.codecs);
  const runs = new KeptRuns();
  while (records.next()) {
    if (filter.keep(records)) runs.keep(records);
    else runs.removed += 1;
  }
  const before = deleteHorizonOf(batch);
  const stamped = before === undefined && runs.tombstones > 0 ? filter.deleteHorizonMs : undefined;
  const { kept, removed, tombstones } = runs;
  const outcome = { kept, removed, tombstones, deleteHorizonMs: stamped ?? before };
  if (removed === 0 && stamped === undefined) return { bytes: batch, ...outcome };
  const body =
    stamped === undefined
      ? runs.copy(records.bytes)
      : restamped(batch, header, filter.codecs, runs, stamped - header.baseTimestamp);
  return { bytes: assemble(batch, header, body, kept, stamped, filter.codecs), ...outcome };
}

/** An empty batch with the header of this one: it says up to which offset and sequence its producer came. */
export function emptiedBatch(batch: Buffer): Buffer {
  return assemble(batch, readBatchHeader(batch), Buffer.alloc(0), 0, undefined, undefined);
}

/** Which bytes of the records stay; neighbours are one run. */
class KeptRuns {
  readonly offsets = new Set<number>();
  kept = 0;
  removed = 0;
  tombstones = 0;
  readonly #bounds: number[] = [];
  #byteLength = 0;

  keep({ start, end, offset, keyEnd, isTombstone }: RawRecords): void {
    this.kept += 1;
    if (isTombstone && keyEnd >= 0) this.tombstones += 1;
    this.offsets.add(offset);
    this.#byteLength += end - start;
    if (this.#bounds.at(-1) === start) this.#bounds[this.#bounds.length - 1] = end;
    else this.#bounds.push(start, end);
  }

  copy(from: Buffer): Buffer {
    const bytes = Buffer.allocUnsafe(this.#byteLength);
    let at = 0;
    for (let run = 0; run < this.#bounds.length; run += 2) {
      at += from.copy(bytes, at, this.#bounds[run], this.#bounds[run + 1]);
    }
    return bytes;
  }
}

/** The kept records with timestamps that count from a base `shift` ms later. */
function restamped(
  batch: Buffer,
  header: BatchHeader,
  codecs: CompressionCodecs | undefined,
  runs: KeptRuns,
  shift: number,
): Buffer {
  const records = rawRecordsIn(batch, codecs);
  const parts: Buffer[] = [];
  while (records.next()) {
    if (!runs.offsets.has(records.offset)) continue;
    const delta = records.timestampDelta - shift;
    if (!Number.isSafeInteger(delta)) {
      throw corrupt(`the batch at offset ${header.baseOffset} has a timestamp beyond 2^53`);
    }
    const restBytes = records.end - records.restStart;
    const bodyBytes = 1 + sizeOfVarlong(delta) + restBytes;
    const record = Buffer.allocUnsafe(sizeOfVarint(bodyBytes) + bodyBytes);
    let at = writeVarint(record, 0, bodyBytes);
    record[at] = 0;
    at = writeVarlong(record, at + 1, delta);
    records.bytes.copy(record, at, records.restStart, records.end);
    parts.push(record);
  }
  return Buffer.concat(parts);
}

function assemble(
  batch: Buffer,
  header: BatchHeader,
  body: Buffer,
  recordCount: number,
  deleteHorizonMs: number | undefined,
  codecs: CompressionCodecs | undefined,
): Buffer {
  const packs = header.compression !== 'none' && recordCount > 0;
  const records = packs ? codecFor(header, codecs).compress(body) : body;
  const bytes = Buffer.allocUnsafeSlow(batchHeaderBytes + records.length);
  batch.copy(bytes, 0, 0, batchHeaderBytes);
  bytes.set(records, batchHeaderBytes);
  bytes.writeInt32BE(bytes.length - lengthOverheadBytes, layout.length);
  bytes.writeInt32BE(recordCount, layout.recordCount);
  let attributes = bytes.readUInt16BE(layout.attributes);
  if (recordCount === 0) attributes &= ~attributeBits.compression;
  if (deleteHorizonMs !== undefined) {
    attributes |= attributeBits.deleteHorizon;
    writeInt64(bytes, layout.baseTimestamp, deleteHorizonMs);
  }
  bytes.writeUInt16BE(attributes, layout.attributes);
  writeChecksum(bytes, 0, bytes.length);
  return bytes;
}

function codecFor({ compression }: BatchHeader, codecs: CompressionCodecs | undefined): CompressionCodec {
  const codec = codecs?.get(compression) ?? (compression === 'gzip' ? gzipCodec : undefined);
  if (codec !== undefined) return codec;
  throw recordError(
    'COMPRESSION_UNAVAILABLE',
    `a batch is compressed with ${compression}, and no codec for it was given`,
    {
      hint: `pass codecs: new Map([['${compression}', await loadCompression('${compression}')]])`,
    },
  );
}
