import { isDeepStrictEqual } from 'node:util';
import { MalformedMessage, type Reader } from './reader.ts';
import type { AnyType, DraftOf, Form, Type, ValueOf } from './type.ts';
import { includes, parseVersions, type VersionRange, type Versions } from './version-range.ts';
import type { Writer } from './writer.ts';

/** A field that not every version has. */
export interface Versioned<T extends AnyType> {
  readonly type: T;
  readonly versions: Versions;
  /** What a reader finds, and what is written when nothing is said. */
  readonly otherwise: ValueOf<T>;
  /** The number of a tagged field; undefined: it has its place among the others. */
  readonly tag: number | undefined;
}

export interface Fields {
  readonly [name: string]: AnyType | Versioned<AnyType>;
}

type FieldValue<F> = F extends Versioned<infer T> ? ValueOf<T> : F extends AnyType ? ValueOf<F> : never;
type FieldDraft<F> = F extends Versioned<infer T> ? DraftOf<T> : F extends AnyType ? DraftOf<F> : never;
type Optional<F extends Fields> = { [K in keyof F]: F[K] extends AnyType ? never : K }[keyof F];

/** All fields of all versions: those that a version does not have hold what they hold otherwise. */
export type StructValue<F extends Fields> = { readonly [K in keyof F]: FieldValue<F[K]> };
/** What is not in every version may be left out. */
export type StructDraft<F extends Fields> = {
  readonly [K in Exclude<keyof F, Optional<F>>]: FieldDraft<F[K]>;
} & { readonly [K in Optional<F>]?: FieldDraft<F[K]> | undefined };

/** A field of some versions. */
export function at<T extends AnyType>(
  range: VersionRange,
  type: T,
  otherwise: ValueOf<T> = type.none as ValueOf<T>,
): Versioned<T> {
  return { type, versions: parseVersions(range), otherwise, tag: undefined };
}

/** A tagged field: sent only when it is not what it is otherwise. */
export function tagged<T extends AnyType>(
  tag: number,
  range: VersionRange,
  type: T,
  otherwise: ValueOf<T> = type.none as ValueOf<T>,
): Versioned<T> {
  return { type, versions: parseVersions(range), otherwise, tag };
}

export function struct<F extends Fields>(fields: F): Type<StructValue<F>, StructDraft<F>> {
  const entries = Object.entries(fields);
  const none = Object.fromEntries(
    entries.map(([name, field]) => [name, 'type' in field ? field.otherwise : field.none]),
  );
  return {
    none: none as StructValue<F>,
    form: (version, flexible) => structForm(entries, version, flexible) as never,
  };
}

type Values = { [name: string]: unknown };

interface Part {
  readonly name: string;
  readonly tag: number | undefined;
  readonly otherwise: unknown;
  /** undefined: this version does not have the field. */
  readonly form: Form<unknown, never> | undefined;
}

function structForm(
  entries: readonly [string, AnyType | Versioned<AnyType>][],
  version: number,
  flexible: boolean,
): Form<Values, Values> {
  const parts = entries.map(([name, field]) => partOf(name, field, version, flexible));
  const placed = parts.filter(({ form, tag }) => form !== undefined && tag === undefined);
  const tags = parts
    .filter(({ form, tag }) => form !== undefined && tag !== undefined)
    .toSorted((one, other) => (one.tag ?? 0) - (other.tag ?? 0));
  return {
    read: (from) => {
      const values: Values = {};
      for (const { name, tag, form, otherwise } of parts)
        values[name] = form === undefined || tag !== undefined ? otherwise : form.read(from);
      if (flexible) readTags(from, tags, values);
      return values;
    },
    write: (to, values) => {
      for (const { name, form, otherwise } of placed)
        form?.write(to, fallback(values[name], otherwise) as never);
      if (flexible) writeTags(to, tags, values);
    },
  };
}

function fallback(value: unknown, otherwise: unknown): unknown {
  return value === undefined ? otherwise : value;
}

function partOf(name: string, field: AnyType | Versioned<AnyType>, version: number, flexible: boolean): Part {
  if (!('type' in field))
    return { name, tag: undefined, otherwise: field.none, form: field.form(version, flexible) };
  const { type, versions, otherwise, tag } = field;
  const form = includes(versions, version) ? type.form(version, flexible) : undefined;
  return { name, tag, otherwise, form };
}

/** Skips tags that it does not know. */
function readTags(from: Reader, known: readonly Part[], values: Values): void {
  let last = -1;
  for (let left = from.uvarint(); left > 0; left -= 1) {
    const tag = from.uvarint();
    const size = from.uvarint();
    if (tag <= last) throw new MalformedMessage(`tag ${tag} comes after tag ${last}`);
    last = tag;
    const part = known.find((one) => one.tag === tag);
    if (part?.form === undefined) from.skip(size);
    else values[part.name] = from.within(size, () => part.form?.read(from));
  }
}

function writeTags(to: Writer, known: readonly Part[], values: Values): void {
  const sent = known.filter(
    ({ name, otherwise }) => values[name] !== undefined && !isDeepStrictEqual(values[name], otherwise),
  );
  to.uvarint(sent.length);
  for (const { name, tag, form } of sent) {
    to.uvarint(tag ?? 0);
    to.sized(() => form?.write(to, values[name] as never));
  }
}
