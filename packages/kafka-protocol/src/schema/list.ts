import { present, readLength, writeLength } from './scalars.ts';
import { type Fields, type StructDraft, type StructValue, struct } from './struct.ts';
import type { AnyType, DraftOf, Form, Type, ValueOf } from './type.ts';

/** A type, or the fields of a structure. */
type Item = AnyType | Fields;
type ItemValue<I extends Item> = I extends AnyType ? ValueOf<I> : I extends Fields ? StructValue<I> : never;
type ItemDraft<I extends Item> = I extends AnyType ? DraftOf<I> : I extends Fields ? StructDraft<I> : never;

export function list<I extends Item>(item: I): Type<readonly ItemValue<I>[], readonly ItemDraft<I>[]> {
  const type = typeOf(item);
  return {
    none: [],
    form: (version, flexible) => {
      const form = type.form(version, flexible);
      return {
        read: (from) => readItems(from, present(readLength(from, flexible), 'a list'), form),
        write: (to, values) => writeItems(to, values, form, flexible),
      };
    },
  };
}

/** A list that may be null from a version on. */
export function listOrNull<I extends Item>(
  item: I,
  since = 0,
): Type<readonly ItemValue<I>[] | null, readonly ItemDraft<I>[] | null> {
  const type = typeOf(item);
  return {
    none: null,
    form: (version, flexible) => {
      const form = type.form(version, flexible);
      return {
        read: (from) => {
          const length = readLength(from, flexible);
          return length < 0 && version >= since ? null : readItems(from, present(length, 'a list'), form);
        },
        write: (to, values) => {
          if (values === null && version >= since) writeLength(to, -1, flexible);
          else writeItems(to, values ?? [], form, flexible);
        },
      };
    },
  };
}

function typeOf<I extends Item>(item: I): Type<ItemValue<I>, ItemDraft<I>> {
  const type: AnyType = isType(item) ? item : struct(item as Fields);
  return type as Type<ItemValue<I>, ItemDraft<I>>;
}

function isType(item: Item): item is AnyType {
  return typeof item['form'] === 'function';
}

function readItems<Value>(
  from: Parameters<Form<Value, never>['read']>[0],
  count: number,
  form: Form<Value, never>,
): Value[] {
  from.items(count);
  const values: Value[] = [];
  for (let i = 0; i < count; i += 1) values.push(form.read(from));
  return values;
}

function writeItems<Draft>(
  to: Parameters<Form<unknown, Draft>['write']>[0],
  values: readonly Draft[],
  form: Form<unknown, Draft>,
  flexible: boolean,
): void {
  writeLength(to, values.length, flexible);
  for (const value of values) form.write(to, value);
}
