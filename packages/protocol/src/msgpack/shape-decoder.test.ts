import fc from 'fast-check';
import { apis } from '../apis/index.ts';
import type { ApiName } from '../broker-api.ts';
import { errorCodeOf } from '../error-codes.ts';
import { arbitraryRequest, arbitraryResponse } from '../testing/arbitraries.ts';
import { EnvelopeReader, type OpenFrame } from './envelope-reader.ts';
import { EnvelopeWriter } from './envelope-writer.ts';
import { messageShapeOf, type ObjectShape, type Shape } from './shape.ts';
import { BytesBeside, messageDecoder, ShapeMismatch } from './shape-decoder.ts';
import { messageEncoder } from './shape-encoder.ts';

const limits = { maxBytes: 1e6, maxLists: 1e5, maxItems: 1e6 };
const messages = (Object.keys(apis) as ApiName[]).flatMap((api) => [
  [`${api} request`, apis[api].request, arbitraryRequest(api) as fc.Arbitrary<object>] as const,
  [`${api} answer`, apis[api].response, arbitraryResponse(api) as fc.Arbitrary<object>] as const,
]);

/** The positional form as a peer might send it: the encoder's, with values replaced, dropped and added. */
function positional(shape: ObjectShape, message: object): unknown[] {
  const writer = new EnvelopeWriter();
  writer.begin();
  messageEncoder(shape)(writer, [1, 0], message);
  const frame = (writer.finish()[0] as Buffer).subarray(4);
  return [...(new EnvelopeReader().read(frame, limits) as OpenFrame).envelope];
}

const strange = fc.constantFrom<unknown>(
  ...[
    null,
    -1,
    0.5,
    0,
    1,
    2,
    3,
    2 ** 53,
    Number.NaN,
    '',
    'x',
    true,
    [],
    [[]],
    [1, 'a', 0],
    'y'.repeat(40_000),
  ],
);

/** Replaces one value, somewhere, by another of whatever kind. */
function mutated(value: unknown, path: readonly number[], replacement: unknown): unknown {
  const [step, ...rest] = path;
  if (!Array.isArray(value) || value.length === 0 || step === undefined) return replacement;
  const at = step % value.length;
  return value.map((item, i) => (i === at ? mutated(item, rest, replacement) : item));
}

/** Names for places, and nothing checked: what the decoder would make of it, for zod to judge. */
function named(shape: Shape, raw: unknown): unknown {
  switch (shape.kind) {
    case 'object': {
      if (!Array.isArray(raw)) return raw;
      const entries = shape.fields.map(({ name, shape: field }, i) => [name, named(field, raw[i])] as const);
      return Object.fromEntries(entries.filter(([, value]) => value !== undefined && value !== null));
    }
    case 'list':
      return Array.isArray(raw) ? raw.map((item) => named(shape.item, item)) : raw;
    case 'choice':
      if (raw === null || raw === undefined) return undefined;
      return (typeof raw === 'number' ? shape.names[raw] : undefined) ?? 'no such name';
    case 'errorCode':
      return Number.isSafeInteger(raw) ? errorCodeOf(raw as number) : raw;
    case 'batches':
      return Number.isSafeInteger(raw) && (raw as number) >= 0 ? Buffer.alloc(0) : undefined;
    case 'integer':
    case 'text':
    case 'flag':
      return raw;
  }
}

/** Bytes for any length: whether there are enough is not the schema's business. */
class Plenty extends BytesBeside {
  constructor() {
    super(Buffer.alloc(0), 0);
  }
  override take(): Buffer {
    return Buffer.alloc(0);
  }
}

/** undefined: refused; anything thrown that is no ShapeMismatch goes on. */
function decodedOrRefused(decode: () => object): object | undefined {
  try {
    return decode();
  } catch (error) {
    if (error instanceof ShapeMismatch) return undefined;
    throw error;
  }
}

describe('the compiled decoder', () => {
  it.each(messages)(
    'accepts of a %s what zod accepts, and makes the same of it',
    (_name, schema, arbitrary) => {
      const shape = messageShapeOf(schema);
      const decode = messageDecoder(shape);
      fc.assert(
        fc.property(arbitrary, fc.array(fc.nat(40), { maxLength: 6 }), strange, (message, path, value) => {
          const raw = mutated(positional(shape, message).slice(2), path, value);
          if (!Array.isArray(raw)) return;
          const judged = schema.safeParse(named(shape, raw));

          const decoded = decodedOrRefused(() => decode([1, 0, ...raw], new Plenty()));

          expect(decoded).toEqual(judged.success ? judged.data : undefined);
        }),
        { numRuns: 300 },
      );
    },
  );

  it('makes no keys for what was left out', () => {
    const decode = messageDecoder(messageShapeOf(apis.metadata.request));
    expect(Object.keys(decode([1, 2, null, true], new Plenty()))).toEqual(['allowAutoCreate']);
  });
});
