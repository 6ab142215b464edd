import { recordError } from './errors.ts';
import { checkedBy, type StandardSchema } from './standard-schema.ts';

/** How values become bytes. null is a tombstone, and only an encoder that names null in `T` accepts one. */
export interface Encoder<T> {
  encode(value: T): Uint8Array | null;
}

/** How bytes become values. `bytes` is a view of what was fetched. */
export interface Decoder<T> {
  decode(bytes: Buffer | null): T;
}

/** Both ways. What is read may be more than what was written: a schema fills in and transforms while reading. */
export interface Serde<Written, Read = Written> extends Encoder<Written>, Decoder<Read> {}

/** The bytes as they are. What `decode` returns is the view that it was given. */
export const bytes: Serde<Buffer | null> = Object.freeze({
  encode: (value: Buffer | null) => value,
  decode: (value: Buffer | null) => value,
});

/** UTF-8. As in Kafka's own clients, what is not UTF-8 is read as U+FFFD. INVALID_RECORD for null both ways. */
export const text: Serde<string> = Object.freeze({
  encode(value: string): Buffer {
    if (typeof value !== 'string')
      throw recordError('INVALID_RECORD', `text takes a string, not ${kindOf(value)}`, {
        hint: 'make it a string, or use another serde, such as json()',
      });
    return Buffer.from(value, 'utf8');
  },
  decode(value: Buffer | null): string {
    if (value === null) {
      throw recordError('INVALID_RECORD', 'text takes bytes, and this is a tombstone (null)', {
        hint: 'read topics with tombstones with the serde `bytes`',
      });
    }
    return value.toString('utf8');
  },
});

/**
 * JSON. null is a tombstone both ways, since TypeScript's `T` cannot be asked: where a topic may hold tombstones, name it,
 * `json<Order | null>()`. INVALID_RECORD for what JSON cannot say (undefined, a function, a cycle, a bigint), and for
 * bytes that are no JSON.
 *
 * With a schema (zod, valibot, arktype, any Standard Schema) `json(order)` also checks: a writer's value must fit, and is
 * written as it was given; a reader gets what the schema makes of it, defaults and transformations included. A tombstone
 * must fit too. INVALID_RECORD says what does not.
 */
export function json<T>(): Serde<T>;
export function json<Input, Output>(schema: StandardSchema<Input, Output>): Serde<Input, Output>;
export function json(schema?: StandardSchema): Serde<unknown> {
  if (schema === undefined) return { encode: encodeJson, decode: decodeJson };
  return {
    encode(value) {
      checkedBy(schema, value);
      return encodeJson(value);
    },
    decode: (value) => checkedBy(schema, decodeJson(value)),
  };
}

function encodeJson(value: unknown): Buffer | null {
  if (value === null) return null;
  const said = stringify(value);
  if (said === undefined) throw recordError('INVALID_RECORD', `JSON has no word for ${kindOf(value)}`);
  return Buffer.from(said, 'utf8');
}

function decodeJson(value: Buffer | null): unknown {
  if (value === null) return null;
  try {
    return JSON.parse(value.toString('utf8'));
  } catch (cause) {
    throw recordError('INVALID_RECORD', `${value.length} bytes are no JSON: ${preview(value)}`, {
      cause,
      hint: 'read it with the serde it was written with; `bytes` reads anything',
    });
  }
}

function stringify(value: unknown): string | undefined {
  try {
    // Its type says string, but undefined and functions give undefined.
    return JSON.stringify(value) as string | undefined;
  } catch (cause) {
    throw recordError('INVALID_RECORD', `JSON cannot hold this ${kindOf(value)}`, { cause });
  }
}

function preview(value: Buffer): string {
  const shown = JSON.stringify(value.subarray(0, 40).toString('utf8'));
  return value.length > 40 ? `${shown} …` : shown;
}

function kindOf(value: unknown): string {
  return value === null ? 'null' : typeof value;
}
