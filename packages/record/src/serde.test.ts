import fc from 'fast-check';
import { bytes, json, text } from './serde.ts';

const invalid = expect.objectContaining({ code: 'INVALID_RECORD' });

describe('bytes', () => {
  it('leaves bytes and null as they are', () => {
    const value = Buffer.from('as is');

    expect(bytes.encode(value)).toBe(value);
    expect(bytes.decode(value)).toBe(value);
    expect(bytes.encode(null)).toBeNull();
    expect(bytes.decode(null)).toBeNull();
  });
});

describe('text', () => {
  it('gives back any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (value) => {
        expect(text.decode(Buffer.from(text.encode(value) ?? []))).toBe(value);
      }),
    );
  });

  it('refuses a tombstone, both ways', () => {
    expect(() => text.decode(null)).toThrow(invalid);
    // @ts-expect-error JavaScript may pass it
    expect(() => text.encode(null)).toThrow(
      expect.objectContaining({ code: 'INVALID_RECORD', hint: expect.stringContaining('another serde') }),
    );
  });

  it('reads what is not UTF-8 with U+FFFD in its place', () => {
    expect(text.decode(Buffer.from([0x61, 0xff, 0x62]))).toBe('a\ufffdb');
  });
});

describe('json', () => {
  it('gives back any JSON value', () => {
    const serde = json<unknown>();
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const encoded = serde.encode(value);

        expect(JSON.stringify(serde.decode(encoded === null ? null : Buffer.from(encoded)))).toBe(
          JSON.stringify(value),
        );
      }),
    );
  });

  it('takes null as a tombstone, both ways', () => {
    const serde = json<{ id: number } | null>();

    expect(serde.encode(null)).toBeNull();
    expect(serde.decode(null)).toBeNull();
  });

  it('refuses what JSON cannot say', () => {
    const cycle: { self?: unknown } = {};
    cycle.self = cycle;

    for (const value of [undefined, () => 1, Symbol('s'), 1n, cycle]) {
      expect(() => json<unknown>().encode(value)).toThrow(invalid);
    }
  });

  it('shows the beginning of what is no JSON', () => {
    expect(() => json().decode(Buffer.from('GET'))).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('`bytes` reads anything') }),
    );
    expect(() => json().decode(Buffer.from('GET / HTTP/1.1'))).toThrow(
      '14 bytes are no JSON: "GET / HTTP/1.1"',
    );
    expect(() => json().decode(Buffer.alloc(100, 'x'))).toThrow(invalid);
  });
});
