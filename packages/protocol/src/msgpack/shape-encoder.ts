import type { ByteRange } from '@millrace/runtime';
import { type ErrorCode, errorCodes } from '../error-codes.ts';
import type { EnvelopeWriter } from './envelope-writer.ts';
import type { FieldShape, ObjectShape, Shape } from './shape.ts';

/** Writes one value. TypeError or RangeError when the value is not of the shape in a way that the wire cannot carry. */
type Encoder = (writer: EnvelopeWriter, value: unknown) => void;

/** Writes the fields of a message behind `leading` (correlation and api, or correlation and error), as one list. */
export type MessageEncoder = (
  writer: EnvelopeWriter,
  leading: readonly [number, number],
  message: object,
) => void;

/** Compiles a message's shape once. Fields that are left out at the end take no bytes; those between are nil. */
export function messageEncoder({ fields }: ObjectShape): MessageEncoder {
  const writeFields = fieldsEncoder(fields);
  return (writer, [first, second], message) => {
    const count = presentFields(fields, message);
    writer.list(2 + count);
    writer.integer(first);
    writer.integer(second);
    writeFields(writer, message, count);
  };
}

function encoderOf(shape: Shape): Encoder {
  switch (shape.kind) {
    case 'integer':
      return (writer, value) => writer.integer(safeInteger(value));
    case 'text':
      return (writer, value) => {
        if (typeof value !== 'string') throw mismatch('a text', value);
        writer.text(value);
      };
    case 'flag':
      return (writer, value) => {
        if (typeof value !== 'boolean') throw mismatch('true or false', value);
        writer.flag(value);
      };
    case 'choice':
      return choiceEncoder(shape.names);
    case 'errorCode':
      return (writer, value) => writer.integer(errorNumber(value));
    case 'batches':
      return (writer, value) => writer.beside(batches(value));
    case 'list':
      return listEncoder(encoderOf(shape.item));
    case 'object':
      return objectEncoder(shape);
  }
}

function objectEncoder({ fields }: ObjectShape): Encoder {
  const writeFields = fieldsEncoder(fields);
  return (writer, value) => {
    if (typeof value !== 'object' || value === null) throw mismatch('an object', value);
    const count = presentFields(fields, value);
    writer.list(count);
    writeFields(writer, value, count);
  };
}

function fieldsEncoder(
  fields: readonly FieldShape[],
): (writer: EnvelopeWriter, value: object, count: number) => void {
  const names = fields.map((field) => field.name);
  const encoders = fields.map((field) => encoderOf(field.shape));
  const optional = fields.map((field) => field.optional);
  return (writer, value, count) => {
    for (let i = 0; i < count; i++) {
      const field = (value as Record<string, unknown>)[names[i] as string];
      if (field === undefined && optional[i] === true) writer.nil();
      else (encoders[i] as Encoder)(writer, field);
    }
  };
}

/** How many fields must be written: those left out at the end need not. */
function presentFields(fields: readonly FieldShape[], value: object): number {
  let count = fields.length;
  for (; count > 0; count--) {
    const field = fields[count - 1] as FieldShape;
    if (!field.optional || (value as Record<string, unknown>)[field.name] !== undefined) break;
  }
  return count;
}

function listEncoder(item: Encoder): Encoder {
  return (writer, value) => {
    if (!Array.isArray(value)) throw mismatch('a list', value);
    writer.list(value.length);
    for (let i = 0; i < value.length; i++) item(writer, value[i]);
  };
}

/** A name travels as its place in the schema's list: names are only appended. */
function choiceEncoder(names: readonly string[]): Encoder {
  return (writer, value) => {
    const place = names.indexOf(value as string);
    if (place < 0) throw mismatch(`one of ${names.join(', ')}`, value);
    writer.integer(place);
  };
}

function safeInteger(value: unknown): number {
  if (!Number.isSafeInteger(value)) throw mismatch('a whole number within 2^53', value);
  return value as number;
}

function errorNumber(value: unknown): number {
  const entry = errorCodes[value as ErrorCode];
  if (entry === undefined) throw mismatch('an error code', value);
  return entry.id;
}

function batches(value: unknown): Uint8Array | ByteRange {
  if (typeof value === 'object' && value !== null && 'byteLength' in value)
    return value as Uint8Array | ByteRange;
  throw mismatch('batches', value);
}

function mismatch(wanted: string, value: unknown): TypeError {
  return new TypeError(`${wanted} is wanted here, not ${value === null ? 'null' : typeof value}`);
}
