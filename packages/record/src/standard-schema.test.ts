import { json } from './serde.ts';
import type { StandardSchema } from './standard-schema.ts';

type Validate = StandardSchema['~standard']['validate'];
const schemaOf = (validate: Validate): StandardSchema => ({
  '~standard': { version: 1, vendor: 'somebody', validate },
});
const fails = (...issues: { message: string; path?: (PropertyKey | { key: PropertyKey })[] }[]) =>
  schemaOf(() => ({ issues }));

describe('json with a schema', () => {
  it('writes the value as it was given and reads what the schema makes of it', () => {
    const doubling = schemaOf((value) => ({ value: Number(value) * 2 }));
    const serde = json(doubling);

    const written = serde.encode(21);

    expect(String(written)).toBe('21');
    expect(serde.decode(Buffer.from('21'))).toBe(42);
  });

  it('names each thing that does not fit, and where it lies', () => {
    const schema = fails(
      { message: 'expected number', path: ['total'] },
      { message: 'too short', path: [{ key: 'items' }, 0, 'sku'] },
      { message: 'is odd' },
    );
    const refusal = {
      code: 'INVALID_RECORD',
      message: 'the value does not fit its schema: total: expected number; items.0.sku: too short; is odd',
      hint: 'change the value, or the schema',
    };

    expect(() => json(schema).encode({})).toThrow(expect.objectContaining(refusal));
    expect(() => json(schema).decode(Buffer.from('{}'))).toThrow(expect.objectContaining(refusal));
  });

  it('names five of many', () => {
    const many = fails(...Array.from({ length: 7 }, (_, n) => ({ message: `m${n}` })));

    expect(() => json(many).encode({})).toThrow('m0; m1; m2; m3; m4; and 2 more');
  });

  it('takes a tombstone where the schema takes null, and else says what it is', () => {
    const nullable = json(schemaOf((value) => ({ value })));
    const strict = json(fails({ message: 'expected object' }));

    expect([nullable.encode(null), nullable.decode(null)]).toEqual([null, null]);
    expect(() => strict.decode(null)).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('tombstone') as string }),
    );
  });

  it('refuses a schema that answers later, whatever it answers', async () => {
    const later = schemaOf(() => Promise.reject(new Error('too late')));

    expect(() => json(later).encode({})).toThrow('the somebody schema answers with a promise');
    await new Promise((resolve) => setImmediate(resolve));
  });
});
