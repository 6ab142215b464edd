import { gunzipSync, gzipSync } from 'node:zlib';
import { CodedError } from '@millrace/runtime';
import type { BatchHeader } from './batch-header.ts';
import type { Compression, CompressionCodec } from './compression.ts';
import type { LogRecord, NewRecord, Offset, RecordHeader } from './record.ts';
import type { Serde } from './serde.ts';

const compressions: readonly Compression[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];
export const batchHeaderBytes = 61;
export type RecordErrorCode =
  | 'CORRUPT_MESSAGE'
  | 'RECORD_TOO_LARGE'
  | 'COMPRESSION_UNAVAILABLE'
  | 'INVALID_RECORD';
export type CompressionCodecs = ReadonlyMap<Compression, CompressionCodec>;
const corrupt = (message: string): CodedError<RecordErrorCode> => new CodedError('CORRUPT_MESSAGE', message);

const table = new Int32Array(256).map((_, n) => {
  let c = n;
  for (let k = 0; k < 8; k += 1) c = c & 1 ? 0x82f63b78 ^ (c >>> 1) : c >>> 1;
  return c;
});
export function crc32c(bytes: Uint8Array, start = 0, end = bytes.length): number {
  let crc = -1;
  for (let i = start; i < end; i += 1) crc = (table[(crc ^ (bytes[i] ?? 0)) & 0xff] ?? 0) ^ (crc >>> 8);
  return (crc ^ -1) >>> 0;
}
export function murmur2(data: Uint8Array): number {
  const m = 0x5bd1e995;
  let h = 0x9747b28c ^ data.length;
  const whole = data.length >> 2;
  const at = (i: number): number => data[i] ?? 0;
  for (let i = 0; i < whole; i += 1) {
    let k = at(i * 4) | (at(i * 4 + 1) << 8) | (at(i * 4 + 2) << 16) | (at(i * 4 + 3) << 24);
    k = Math.imul(k, m);
    k ^= k >>> 24;
    h = Math.imul(h, m) ^ Math.imul(k, m);
  }
  const tail = whole * 4;
  const rest = data.length & 3;
  if (rest === 3) h ^= at(tail + 2) << 16;
  if (rest >= 2) h ^= at(tail + 1) << 8;
  if (rest >= 1) h = Math.imul(h ^ at(tail), m);
  h ^= h >>> 13;
  h = Math.imul(h, m);
  return h ^ (h >>> 15);
}
const int64 = (b: Buffer, p: number): number => b.readInt32BE(p) * 2 ** 32 + b.readUInt32BE(p + 4);
function putInt64(b: Buffer, p: number, v: number): void {
  b.writeInt32BE(Math.floor(v / 2 ** 32), p);
  b.writeUInt32BE(v - Math.floor(v / 2 ** 32) * 2 ** 32, p + 4);
}
const bytesOf = (v: string | Uint8Array | null | undefined): Uint8Array | null =>
  v === null || v === undefined ? null : typeof v === 'string' ? Buffer.from(v) : v;
function varint(out: number[], value: number): void {
  let v = value >= 0 ? value * 2 : -value * 2 - 1;
  while (v >= 128) {
    out.push((v % 128) | 128);
    v = Math.floor(v / 128);
  }
  out.push(v);
}
export class BatchBuilder {
  readonly #max: number;
  readonly #codec: CompressionCodec | undefined;
  #chunks: Uint8Array[] = [];
  #size = batchHeaderBytes;
  #count = 0;
  #base = 0;
  #maxTs = 0;
  constructor(options: { maxBytes: number; codec?: CompressionCodec }) {
    this.#max = options.maxBytes;
    this.#codec = options.codec;
  }
  get recordCount(): number {
    return this.#count;
  }
  get sizeInBytes(): number {
    return this.#size;
  }
  tryAppend(record: NewRecord, timestamp: number): boolean {
    const ts = record.timestamp ?? timestamp;
    if (this.#count === 0) this.#base = this.#maxTs = ts;
    const parts: Uint8Array[] = [];
    const field = (v: Uint8Array | null): void => {
      const head: number[] = [];
      varint(head, v === null ? -1 : v.length);
      parts.push(Buffer.from(head));
      if (v) parts.push(v);
    };
    const lead: number[] = [0];
    varint(lead, ts - this.#base);
    varint(lead, this.#count);
    parts.push(Buffer.from(lead));
    field(bytesOf(record.key));
    field(bytesOf(record.value));
    const n: number[] = [];
    varint(n, record.headers?.length ?? 0);
    parts.push(Buffer.from(n));
    for (const h of record.headers ?? []) {
      field(Buffer.from(h.key));
      field(h.value);
    }
    const body = Buffer.concat(parts);
    const len: number[] = [];
    varint(len, body.length);
    const total = body.length + len.length;
    if (this.#size + total > this.#max) {
      if (this.#count > 0) return false;
      throw new CodedError(
        'RECORD_TOO_LARGE',
        `a record of ${total} bytes is over the limit of ${this.#max}`,
      );
    }
    this.#chunks.push(Buffer.from(len), body);
    this.#size += total;
    this.#count += 1;
    this.#maxTs = Math.max(this.#maxTs, ts);
    return true;
  }
  build(p?: { producerId: number; producerEpoch: number; baseSequence: number }): Buffer {
    let records: Buffer = Buffer.concat(this.#chunks);
    const type = this.#codec ? compressions.indexOf(this.#codec.compression) : 0;
    if (this.#codec && type !== 0) records = this.#codec.compress(records);
    const out = Buffer.alloc(batchHeaderBytes + records.length);
    records.copy(out, batchHeaderBytes);
    out.writeInt32BE(out.length - 12, 8);
    out.writeInt32BE(-1, 12);
    out[16] = 2;
    out.writeInt16BE(type, 21);
    out.writeInt32BE(this.#count - 1, 23);
    putInt64(out, 27, this.#base);
    putInt64(out, 35, this.#maxTs);
    out.writeInt32BE(this.#count, 57);
    stampProducer(out, 0, p ?? { producerId: -1, producerEpoch: -1, baseSequence: -1 });
    this.#chunks = [];
    this.#size = batchHeaderBytes;
    this.#count = 0;
    return out;
  }
}
export function stampProducer(
  b: Buffer,
  at: number,
  p: { producerId: number; producerEpoch: number; baseSequence: number },
): void {
  putInt64(b, at + 43, p.producerId);
  b.writeInt16BE(p.producerEpoch, at + 51);
  b.writeInt32BE(p.baseSequence, at + 53);
  b.writeUInt32BE(crc32c(b, at + 21, at + 12 + b.readInt32BE(at + 8)), at + 17);
}
export function stampBatch(b: Buffer, at: number, stamp: { baseOffset: Offset; leaderEpoch: number }): void {
  putInt64(b, at, stamp.baseOffset);
  b.writeInt32BE(stamp.leaderEpoch, at + 12);
}
export function batchSizeAt(b: Buffer, at: number): number | undefined {
  if (b.length - at < 12) return undefined;
  const length = b.readInt32BE(at + 8);
  if (length < 49) throw corrupt(`a batch cannot be ${length + 12} bytes long`);
  return length + 12;
}
export function readBatchHeader(b: Buffer, at = 0): BatchHeader {
  const size = batchSizeAt(b, at);
  if (size === undefined || b.length - at < batchHeaderBytes)
    throw corrupt('fewer bytes than a batch header');
  if (b[at + 16] !== 2) throw corrupt(`magic ${b[at + 16]} is not 2`);
  const attributes = b.readInt16BE(at + 21);
  const baseOffset = int64(b, at);
  const lastDelta = b.readInt32BE(at + 23);
  const compression = compressions[attributes & 7];
  if (compression === undefined || !Number.isSafeInteger(baseOffset) || baseOffset < 0 || lastDelta < 0)
    throw corrupt('impossible batch header');
  return {
    baseOffset,
    lastOffset: baseOffset + lastDelta,
    sizeInBytes: size,
    leaderEpoch: b.readInt32BE(at + 12),
    recordCount: b.readInt32BE(at + 57),
    compression,
    baseTimestamp: int64(b, at + 27),
    maxTimestamp: int64(b, at + 35),
    timestampType: attributes & 8 ? 'append' : 'create',
    producerId: int64(b, at + 43),
    producerEpoch: b.readInt16BE(at + 51),
    baseSequence: b.readInt32BE(at + 53),
    isTransactional: (attributes & 16) !== 0,
    isControl: (attributes & 32) !== 0,
  };
}
export function verifyBatch(b: Buffer, at = 0): BatchHeader {
  const header = readBatchHeader(b, at);
  if (at + header.sizeInBytes > b.length) throw corrupt('the batch is cut off');
  if (crc32c(b, at + 21, at + header.sizeInBytes) !== b.readUInt32BE(at + 17))
    throw corrupt('the checksum is wrong');
  return header;
}
export function* batchesIn(b: Buffer): Iterable<{ position: number; header: BatchHeader }> {
  for (let position = 0; ; ) {
    const size = batchSizeAt(b, position);
    if (size === undefined || position + size > b.length) return;
    yield { position, header: readBatchHeader(b, position) };
    position += size;
  }
}
export function* recordsIn(
  b: Buffer,
  options: { from?: Offset; codecs?: CompressionCodecs; maxBytes?: number } = {},
): Iterable<LogRecord> {
  for (const { position, header } of batchesIn(b)) {
    if (header.isControl) continue;
    let body = b.subarray(position + batchHeaderBytes, position + header.sizeInBytes);
    if (header.compression !== 'none') {
      const codec = header.compression === 'gzip' ? gzip : options.codecs?.get(header.compression);
      if (!codec) throw new CodedError('COMPRESSION_UNAVAILABLE', `${header.compression} is not loaded`);
      body = codec.decompress(body, options.maxBytes ?? 64 << 20);
    }
    let at = 0;
    const next = (): number => {
      let value = 0;
      let scale = 1;
      for (;;) {
        const byte = body[at++];
        if (byte === undefined) throw corrupt('a record is cut off');
        value += (byte & 127) * scale;
        if (byte < 128) return value % 2 ? -(value + 1) / 2 : value / 2;
        scale *= 128;
      }
    };
    const take = (): Buffer | null => {
      const length = next();
      if (length < 0) return null;
      at += length;
      return body.subarray(at - length, at);
    };
    for (let i = 0; i < header.recordCount; i += 1) {
      next();
      at += 1;
      const timestamp = header.baseTimestamp + next();
      const offset = header.baseOffset + next();
      const key = take();
      const value = take();
      const headers: RecordHeader[] = [];
      for (let n = next(); n > 0; n -= 1) headers.push({ key: (take() ?? '').toString(), value: take() });
      if (offset >= (options.from ?? 0)) yield { offset, timestamp, key, value, headers };
    }
  }
}
const gzip: CompressionCodec = {
  compression: 'gzip',
  compress: (b) => gzipSync(b),
  decompress: (b, maxBytes) => gunzipSync(b, { maxOutputLength: maxBytes }),
};
export async function loadCompression(compression: Compression): Promise<CompressionCodec> {
  if (compression === 'gzip') return gzip;
  throw new CodedError('COMPRESSION_UNAVAILABLE', `${compression} is not available`);
}
export const bytes: Serde<Buffer | null> = { encode: (v) => v, decode: (v) => v };
export const text: Serde<string> = { encode: (v) => Buffer.from(v), decode: (v) => (v ?? '').toString() };
export function json<T>(): Serde<T> {
  return {
    encode: (v) => Buffer.from(JSON.stringify(v)),
    decode: (v) => JSON.parse((v ?? 'null').toString()),
  };
}
