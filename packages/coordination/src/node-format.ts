import { registryError } from './errors.ts';

/** JSON of a node's value; `decode` checks it by hand and throws BAD_NODE naming the path. */
export interface NodeFormat<Value> {
  encode(value: Value): Uint8Array;
  decode(data: Uint8Array, path: string): Value;
}

/** `check` makes the value out of what JSON holds, or throws a TypeError that says what is wrong. */
export function jsonFormat<Value>(check: (json: unknown) => Value): NodeFormat<Value> {
  return {
    encode: (value) => Buffer.from(JSON.stringify(value)),
    decode: (data, path) => {
      try {
        return check(JSON.parse(Buffer.from(data).toString('utf8')));
      } catch (cause) {
        const what = cause instanceof SyntaxError ? 'the value is not JSON' : messageOf(cause);
        throw registryError('BAD_NODE', `${path}: ${what}`, { cause, details: { path } });
      }
    },
  };
}

export interface Json {
  readonly [name: string]: unknown;
}

// Each check takes the value and what to call it in the message.

export function anObject(value: unknown, what: string): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw wrong(what, 'an object', value);
  return { ...value };
}

export function aText(value: unknown, what: string): string {
  if (typeof value !== 'string') throw wrong(what, 'text', value);
  return value;
}

/** A whole number from 0. */
export function aCount(value: unknown, what: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw wrong(what, 'a whole number from 0', value);
  }
  return value;
}

export function aList<Item>(
  value: unknown,
  what: string,
  item: (value: unknown, what: string) => Item,
): Item[] {
  if (!Array.isArray(value)) throw wrong(what, 'a list', value);
  return value.map((each: unknown, index) => item(each, `${what}[${index}]`));
}

/** An object whose names are free. */
export function aMap<Item>(
  value: unknown,
  what: string,
  item: (value: unknown, what: string) => Item,
): { [name: string]: Item } {
  const entries = Object.entries(anObject(value, what));
  return Object.fromEntries(entries.map(([name, each]) => [name, item(each, `${what}.${name}`)]));
}

/** An object with the field, or without it when it is missing or null. */
export function optional<Name extends string, Item>(
  json: Json,
  name: Name,
  item: (value: unknown, what: string) => Item,
): { [Key in Name]?: Item } {
  const value = json[name];
  if (value === undefined || value === null) return {};
  const field: { [Key in Name]?: Item } = {};
  field[name] = item(value, name);
  return field;
}

function wrong(what: string, expected: string, value: unknown): TypeError {
  const found = value === undefined ? 'is missing' : `is ${JSON.stringify(value).slice(0, 60)}`;
  return new TypeError(`${what} ${found}, not ${expected}`);
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
