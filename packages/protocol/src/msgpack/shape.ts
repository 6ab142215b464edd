import type * as z from 'zod/mini';
import { batchesIn, batchesOut, errorCode, opaque } from '../define-api.ts';

/** What a zod schema of the contract comes down to; each kind has one form on the wire (docs/formats/wire.md). */
export type Shape =
  | { readonly kind: 'integer'; readonly least: number }
  | { readonly kind: 'text'; readonly maxLength: number }
  | { readonly kind: 'flag' }
  | { readonly kind: 'choice'; readonly names: readonly string[] }
  | { readonly kind: 'errorCode' }
  | { readonly kind: 'batches' }
  | { readonly kind: 'list'; readonly item: Shape; readonly maxLength: number }
  | ObjectShape;

export interface ObjectShape {
  readonly kind: 'object';
  readonly fields: readonly FieldShape[];
}

export interface FieldShape {
  readonly name: string;
  readonly optional: boolean;
  readonly shape: Shape;
}

/** TypeError for a schema that has no form on the wire: the contract is written with what `define-api` offers. */
function shapeOf(schema: z.core.$ZodType): Shape {
  if (schema === errorCode) return { kind: 'errorCode' };
  if (schema === batchesIn || schema === batchesOut || schema === opaque) return { kind: 'batches' };
  const { def } = (schema as z.core.$ZodTypes)._zod;
  if (def.type === 'number') return { kind: 'integer', least: leastOf(def) };
  if (def.type === 'string') return { kind: 'text', maxLength: maxLengthOf(def) };
  if (def.type === 'boolean') return { kind: 'flag' };
  if (def.type === 'enum') return { kind: 'choice', names: Object.keys(def.entries) };
  if (def.type === 'array') return { kind: 'list', item: shapeOf(def.element), maxLength: maxLengthOf(def) };
  if (def.type === 'object') return objectShapeOf(def);
  throw new TypeError(`a ${def.type} has no form on the wire`);
}

/** The shape of a whole request or answer. */
export function messageShapeOf(schema: z.core.$ZodType): ObjectShape {
  const shape = shapeOf(schema);
  if (shape.kind !== 'object') throw new TypeError(`a message is an object, not a ${shape.kind}`);
  return shape;
}

function objectShapeOf({ shape }: z.core.$ZodObjectDef): ObjectShape {
  const fields = Object.entries(shape).map(([name, schema]) => {
    const { def } = (schema as z.core.$ZodTypes)._zod;
    if (def.type === 'optional') return { name, optional: true, shape: shapeOf(def.innerType) };
    return { name, optional: false, shape: shapeOf(schema) };
  });
  return { kind: 'object', fields };
}

function leastOf({ checks = [] }: z.core.$ZodTypeDef): number {
  let least = Number.MIN_SAFE_INTEGER;
  for (const check of checks) {
    const def = check._zod.def as z.core.$ZodCheckGreaterThanDef;
    if (def.check !== 'greater_than' || !def.inclusive || typeof def.value !== 'number')
      throw unknownCheck(check);
    least = def.value;
  }
  return least;
}

function maxLengthOf({ checks = [] }: z.core.$ZodTypeDef): number {
  let maxLength: number | undefined;
  for (const check of checks) {
    const def = check._zod.def as z.core.$ZodCheckMaxLengthDef;
    if (def.check !== 'max_length') throw unknownCheck(check);
    maxLength = def.maximum;
  }
  if (maxLength === undefined)
    throw new TypeError('every text and list of the contract has a greatest length');
  return maxLength;
}

function unknownCheck(check: z.core.$ZodCheck): TypeError {
  return new TypeError(`the codec does not know the check ${check._zod.def.check}`);
}
