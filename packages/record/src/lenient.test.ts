import { isUndecodable, lenient } from './lenient.ts';
import { json } from './serde.ts';

describe('lenient', () => {
  const order = lenient(json<{ id: number }>());

  it('reads what the decoder reads', () => {
    const value = order.decode(Buffer.from('{"id":1}'));

    expect(isUndecodable(value)).toBe(false);
    expect(value).toEqual({ id: 1 });
  });

  it('gives the bytes of what it cannot read, and says why', () => {
    const value = order.decode(Buffer.from('{"id":'));

    if (!isUndecodable(value)) throw new Error('it was read');
    expect(String(value.bytes)).toBe('{"id":');
    expect(value.cause).toMatchObject({ code: 'INVALID_RECORD' });
  });

  it.each([null, undefined, 1, 'text', {}, { bytes: null, cause: 1 }])('takes %p for a value', (value) => {
    expect(isUndecodable(value)).toBe(false);
  });
});
