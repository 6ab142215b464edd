import type { ByteRange } from '@millrace/runtime';
import type { z } from 'zod/mini';
import { batchesIn, batchesOut, errorCode } from '../define-api.ts';
import { type ErrorCode, errorCodeOf, errorCodes } from '../error-codes.ts';

/** Record batches travel beside the envelope: what an encoder puts there, in order. */
export type Beside = (Uint8Array | ByteRange)[];

/** Record batches beside the envelope, taken in order by a decoder. */
export interface BesideReader {
  take(length: number): Buffer;
}

/** A zod shape made into functions between a value and its positional form (arrays, numbers, strings, booleans, nil). */
export interface CompiledShape {
  encode(value: unknown, beside: Beside): unknown;
  /** Checks as zod would; throws `ShapeError`. */
  decode(raw: unknown, beside: BesideReader): unknown;
}

/** The bytes are msgpack, but not what the API says: `at` names the field. */
export class ShapeError extends Error {
  constructor(at: string, expected: string) {
    super(`${at}: expected ${expected}`);
  }
}

/** Compiles a shape; done once for each API when the module loads. */
export function compileShape(schema: z.ZodMiniType, at: string): CompiledShape {
  if ((schema as unknown) === errorCode) return errorCodeShape(at);
  if ((schema as unknown) === batchesIn || (schema as unknown) === batchesOut) return batchesShape(at);
  const definition = definitionOf(schema);
  switch (definition.type) {
    case 'object':
      return objectShape(definition.shape ?? {}, at);
    case 'array':
      return arrayShape(definition, at);
    case 'string':
      return checked(at, 'a string that is not too long', stringCheck(limitOf(definition, 'maximum')));
    case 'number':
      return checked(at, 'a whole number', numberCheck(limitOf(definition, 'value')));
    case 'boolean':
      return checked(at, 'true or false', (raw) => typeof raw === 'boolean');
    case 'enum':
      return enumShape(Object.values(definition.entries ?? {}), at);
    default:
      throw new TypeError(`${at}: the wire knows no form for ${definition.type}`);
  }
}

/** The parts of zod's own description of a schema that shapes are made of. */
interface Definition {
  readonly type: string;
  readonly shape?: { readonly [name: string]: z.ZodMiniType };
  readonly element?: z.ZodMiniType;
  readonly innerType?: z.ZodMiniType;
  readonly entries?: { readonly [name: string]: string | number };
  readonly checks?: readonly { readonly _zod: { readonly def: { readonly [name: string]: unknown } } }[];
}

function definitionOf(schema: z.ZodMiniType): Definition {
  return schema._zod.def as unknown as Definition;
}

function limitOf(definition: Definition, name: string): number | undefined {
  for (const check of definition.checks ?? []) {
    const limit = check._zod.def[name];
    if (typeof limit === 'number') return limit;
  }
  return undefined;
}

const stringCheck =
  (maximum = Number.POSITIVE_INFINITY) =>
  (raw: unknown): boolean =>
    typeof raw === 'string' && raw.length <= maximum;

const numberCheck =
  (minimum = Number.NEGATIVE_INFINITY) =>
  (raw: unknown): boolean =>
    Number.isSafeInteger(raw) && (raw as number) >= minimum;

function checked(at: string, expected: string, accepts: (raw: unknown) => boolean): CompiledShape {
  return {
    encode: (value) => value,
    decode: (raw) => {
      if (!accepts(raw)) throw new ShapeError(at, expected);
      return raw;
    },
  };
}

function errorCodeShape(at: string): CompiledShape {
  return {
    encode: (value) => errorCodes[value as ErrorCode].id,
    decode: (raw) => {
      if (!Number.isSafeInteger(raw)) throw new ShapeError(at, 'the number of an error code');
      return errorCodeOf(raw as number);
    },
  };
}

function batchesShape(at: string): CompiledShape {
  return {
    encode: (value, beside) => {
      const batches = value as Uint8Array | ByteRange;
      beside.push(batches);
      return batches.byteLength;
    },
    decode: (raw, beside) => {
      if (!Number.isSafeInteger(raw) || (raw as number) < 0) throw new ShapeError(at, 'a length');
      return beside.take(raw as number);
    },
  };
}

function enumShape(values: readonly (string | number)[], at: string): CompiledShape {
  const places = new Map(values.map((value, place) => [value, place]));
  return {
    encode: (value) => places.get(value as string),
    decode: (raw) => {
      const value = typeof raw === 'number' ? values[raw] : undefined;
      if (value === undefined) throw new ShapeError(at, `the place of one of ${values.join(', ')}`);
      return value;
    },
  };
}

function arrayShape(definition: Definition, at: string): CompiledShape {
  if (definition.element === undefined) throw new TypeError(`${at}: an array of what?`);
  const item = compileShape(definition.element, `${at}[]`);
  const maximum = limitOf(definition, 'maximum') ?? Number.POSITIVE_INFINITY;
  return {
    encode: (value, beside) => (value as unknown[]).map((one) => item.encode(one, beside)),
    decode: (raw, beside) => {
      if (!Array.isArray(raw) || raw.length > maximum)
        throw new ShapeError(at, `a list of at most ${maximum}`);
      return raw.map((one) => item.decode(one, beside));
    },
  };
}

interface Field {
  readonly name: string;
  readonly optional: boolean;
  readonly shape: CompiledShape;
}

/** Fields in the order of the shape; absent ones are nil, and left out at the end. */
function objectShape(shape: { readonly [name: string]: z.ZodMiniType }, at: string): CompiledShape {
  const fields = Object.entries(shape).map(([name, schema]): Field => {
    const inner = definitionOf(schema).innerType;
    const optional = definitionOf(schema).type === 'optional' && inner !== undefined;
    return { name, optional, shape: compileShape(optional ? inner : schema, `${at}.${name}`) };
  });
  return {
    encode: (value, beside) => encodeFields(fields, value as Record<string, unknown>, beside),
    decode: (raw, beside) => {
      if (!Array.isArray(raw)) throw new ShapeError(at, 'a list of fields');
      return decodeFields(fields, raw, beside, at);
    },
  };
}

function encodeFields(fields: readonly Field[], value: Record<string, unknown>, beside: Beside): unknown[] {
  const raw: unknown[] = [];
  let absent = 0;
  for (const field of fields) {
    const part = value[field.name];
    if (part === undefined) {
      absent += 1;
      continue;
    }
    for (; absent > 0; absent -= 1) raw.push(null);
    raw.push(field.shape.encode(part, beside));
  }
  return raw;
}

/** Fields beyond the known ones are a newer peer's, and ignored. */
function decodeFields(
  fields: readonly Field[],
  raw: readonly unknown[],
  beside: BesideReader,
  at: string,
): Record<string, unknown> {
  const value: Record<string, unknown> = {};
  for (let place = 0; place < fields.length; place += 1) {
    const field = fields[place] as Field;
    const part = raw[place];
    if (part === undefined || part === null) {
      if (!field.optional) throw new ShapeError(`${at}.${field.name}`, 'a value');
    } else {
      value[field.name] = field.shape.decode(part, beside);
    }
  }
  return value;
}
