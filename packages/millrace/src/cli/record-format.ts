import { isUtf8 } from 'node:buffer';
import { cliError } from './errors.ts';

/** What is shown of a record. */
export interface ShownRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly { readonly key: string; readonly value: Uint8Array | null }[];
}

/** The bytes of one record on stdout, in pieces. */
export type RecordFormat = (record: ShownRecord) => readonly Uint8Array[];

const newline = Buffer.from('\n');
const nothing = Buffer.alloc(0);

/** The value and a newline, byte for byte. */
export const valueLines: RecordFormat = ({ value }) => [value ?? nothing, newline];

/** One JSON object a line. Bytes that are no UTF-8 are shown as `{"base64": "…"}`. */
export const jsonLines: RecordFormat = (record) => [
  Buffer.from(
    `${JSON.stringify({
      topic: record.topic,
      partition: record.partition,
      offset: record.offset,
      timestamp: shownTime(record.timestamp),
      key: shownBytes(record.key),
      value: shownBytes(record.value),
      headers: record.headers.map(({ key, value }) => ({ key, value: shownBytes(value) })),
    })}\n`,
  ),
];

/** The largest time that JavaScript's calendar knows, ms since the epoch (ECMA-262, time values). */
const lastMoment = 8.64e15;

function shownTime(timestamp: number): string | number {
  return Math.abs(timestamp) <= lastMoment ? new Date(timestamp).toISOString() : timestamp;
}

type ShownBytes = string | null | { readonly base64: string };

function shownBytes(bytes: Uint8Array | null): ShownBytes {
  if (bytes === null) return null;
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return isUtf8(buffer) ? buffer.toString() : { base64: buffer.toString('base64') };
}

type Piece = (record: ShownRecord) => Uint8Array;

const fields: { readonly [letter: string]: Piece } = {
  t: ({ topic }) => Buffer.from(topic),
  p: ({ partition }) => Buffer.from(String(partition)),
  o: ({ offset }) => Buffer.from(String(offset)),
  k: ({ key }) => key ?? nothing,
  s: ({ value }) => value ?? nothing,
  S: ({ value }) => Buffer.from(String(value?.byteLength ?? -1)),
  T: ({ timestamp }) => Buffer.from(String(timestamp)),
  h: ({ headers }) => Buffer.concat(headers.flatMap(headerPieces)),
  '%': () => Buffer.from('%'),
};

function headerPieces(
  { key, value }: { key: string; value: Uint8Array | null },
  position: number,
): Uint8Array[] {
  return [Buffer.from(`${position === 0 ? '' : ','}${key}=`), value ?? nothing];
}

const escapes: { readonly [letter: string]: string } = {
  n: '\n',
  r: '\r',
  t: '\t',
  0: '\0',
  '\\': '\\',
};

/**
 * A format as kcat's: %t topic, %p partition, %o offset, %T timestamp (ms), %k key, %s value, %S its size, %h headers, %% a
 * percent sign; \n, \r, \t, \0 and \\ as in C. USAGE.
 */
export function parseRecordFormat(text: string): RecordFormat {
  const pieces = [...text.matchAll(/%(.?)|\\(.?)|[^%\\]+/gsu)].map(([all, field, escaped]): Piece => {
    if (field !== undefined) {
      const piece = Object.hasOwn(fields, field) ? fields[field] : undefined;
      if (piece === undefined) throw unknownPiece(text, all);
      return piece;
    }
    const literal =
      escaped === undefined ? all : Object.hasOwn(escapes, escaped) ? escapes[escaped] : undefined;
    if (literal === undefined) throw unknownPiece(text, all);
    const bytes = Buffer.from(literal);
    return () => bytes;
  });
  return (record) => pieces.map((piece) => piece(record));
}

function unknownPiece(format: string, piece: string): Error {
  return cliError('USAGE', `--format '${format}' has ${piece}, which means nothing`, {
    hint: "%t topic, %p partition, %o offset, %T timestamp, %k key, %s value, %S its size, %h headers, %% and \\n, \\t, \\r, \\0, \\\\; for example '%t/%p@%o %k=%s\\n'",
  });
}
