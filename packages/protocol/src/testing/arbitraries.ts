import fc from 'fast-check';
import { apis } from '../apis/index.ts';
import type { ApiName, RequestOf, ResponseOf } from '../broker-api.ts';
import { type ErrorCode, errorCodes } from '../error-codes.ts';
import { messageShapeOf, type ObjectShape, type Shape } from '../msgpack/shape.ts';

/** Any request that the API's schema takes; lists and texts are short. Batches are arbitrary bytes. */
export function arbitraryRequest<Name extends ApiName>(api: Name): fc.Arbitrary<RequestOf<Name>> {
  return objects(messageShapeOf(apis[api].request)) as fc.Arbitrary<RequestOf<Name>>;
}

/** Any answer that the API's schema takes; its batches are buffers. */
export function arbitraryResponse<Name extends ApiName>(api: Name): fc.Arbitrary<ResponseOf<Name>> {
  return objects(messageShapeOf(apis[api].response)) as fc.Arbitrary<ResponseOf<Name>>;
}

function objects({ fields }: ObjectShape): fc.Arbitrary<object> {
  const values = Object.fromEntries(fields.map(({ name, shape }) => [name, valuesOf(shape)]));
  const requiredKeys = fields.filter((field) => !field.optional).map((field) => field.name);
  return fc.record(values, { requiredKeys, noNullPrototype: true });
}

function valuesOf(shape: Shape): fc.Arbitrary<unknown> {
  switch (shape.kind) {
    case 'integer':
      return integersFrom(shape.least);
    case 'text':
      return fc.string({ unit: 'binary', maxLength: Math.min(shape.maxLength, 80) });
    case 'flag':
      return fc.boolean();
    case 'choice':
      return fc.constantFrom(...shape.names);
    case 'errorCode':
      return fc.constantFrom(...(Object.keys(errorCodes) as ErrorCode[]));
    case 'batches':
      return fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes));
    case 'list':
      return fc.array(valuesOf(shape.item), { maxLength: Math.min(shape.maxLength, 20), size: 'small' });
    case 'object':
      return objects(shape);
  }
}

/** Small ones, ones about the wire's steps in size, and any. */
function integersFrom(least: number): fc.Arbitrary<number> {
  const steps = [7, 8, 15, 16, 31, 32, 52].map((bits) => 2 ** bits);
  const nearSteps = fc
    .tuple(fc.constantFrom(...steps), fc.integer({ min: -2, max: 2 }), fc.constantFrom(1, -1))
    .map(([step, offset, sign]) => sign * (step + offset));
  const all = fc.oneof(fc.integer({ min: -40, max: 200 }), nearSteps, fc.maxSafeInteger());
  return all.map((value) => (value < least ? Math.abs(value) : value));
}
