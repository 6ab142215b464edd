import { recordError } from './errors.ts';
import type { NewRecord, RecordHeader } from './record.ts';
import { sizeOfVarint, sizeOfVarlong, writeVarint, writeVarlong } from './varint.ts';

/*
 * One record of a batch. Lengths of -1 say null.
 *
 *   length · attributes (0) · timestamp Δ · offset Δ · key length · key · value length · value · header count ·
 *   (key length · key · value length · value)…
 *
 * All numbers are varints (the timestamp's a varlong), attributes are one byte; the length counts what follows it. It
 * comes first and its own size depends on it, so a record is measured before it is written.
 */

/** Up to here a loop over the characters is faster than a call into native code. */
const loopUpTo = 24;

/** UTF-8 bytes of a string, length of bytes; -1 for null. INVALID_RECORD for anything else. */
export function byteLengthOf(data: string | Uint8Array | null | undefined, field: string): number {
  if (data === null) return -1;
  if (typeof data === 'string') return Buffer.byteLength(data, 'utf8');
  if (data instanceof Uint8Array) return data.length;
  throw recordError('INVALID_RECORD', `${field} is ${typeof data}, not a string, bytes or null`, {
    hint: 'give the producer a serde for it, such as json()',
  });
}

/** Of the part behind the value: the count and the headers. */
export function sizeOfHeaders(headers: readonly RecordHeader[]): number {
  let size = sizeOfVarint(headers.length);
  for (const header of headers) {
    if (typeof header.key !== 'string') {
      throw recordError('INVALID_RECORD', `a header's key is ${typeof header.key}, not a string`);
    }
    size += sizeOfField(Buffer.byteLength(header.key, 'utf8'));
    size += sizeOfField(byteLengthOf(header.value, `the value of header ${header.key}`));
  }
  return size;
}

/** What the length of a record counts. */
export function sizeOfBody(
  timestampDelta: number,
  offsetDelta: number,
  keyBytes: number,
  valueBytes: number,
  headersBytes: number,
): number {
  return (
    1 +
    sizeOfVarlong(timestampDelta) +
    sizeOfVarint(offsetDelta) +
    sizeOfField(keyBytes) +
    sizeOfField(valueBytes) +
    headersBytes
  );
}

function sizeOfField(length: number): number {
  return sizeOfVarint(length) + (length > 0 ? length : 0);
}

/** A field of a known length (-1: null); returns the position behind it. */
function writeField(
  bytes: Buffer,
  position: number,
  data: string | Uint8Array | null,
  length: number,
): number {
  const at = writeVarint(bytes, position, length);
  if (data === null || length <= 0) return at;
  if (typeof data !== 'string') bytes.set(data, at);
  else if (length !== data.length) bytes.write(data, at, length, 'utf8');
  else if (length > loopUpTo) bytes.write(data, at, length, 'latin1');
  else for (let i = 0; i < length; i += 1) bytes[at + i] = data.charCodeAt(i);
  return at + length;
}

/** A whole record, measured before (`bodyBytes` by `sizeOfBody`); returns the position behind it. */
export function writeRecord(
  bytes: Buffer,
  position: number,
  record: NewRecord,
  bodyBytes: number,
  timestampDelta: number,
  offsetDelta: number,
  keyBytes: number,
  valueBytes: number,
): number {
  let at = writeVarint(bytes, position, bodyBytes);
  bytes[at] = 0;
  at = writeVarlong(bytes, at + 1, timestampDelta);
  at = writeVarint(bytes, at, offsetDelta);
  at = writeField(bytes, at, record.key ?? null, keyBytes);
  at = writeField(bytes, at, record.value, valueBytes);
  const { headers } = record;
  if (headers === undefined) return writeVarint(bytes, at, 0);
  at = writeVarint(bytes, at, headers.length);
  for (const header of headers) {
    at = writeField(bytes, at, header.key, Buffer.byteLength(header.key, 'utf8'));
    at = writeField(bytes, at, header.value, byteLengthOf(header.value, 'header value'));
  }
  return at;
}
