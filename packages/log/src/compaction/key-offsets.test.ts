import { seededRandom } from '@millrace/runtime/testing';
import fc from 'fast-check';
import { entryBytes, KeyOffsets } from './key-offsets.ts';

describe('a map of keys to offsets', () => {
  it('agrees with a map of strings for any keys, and keeps within its bytes', () => {
    const key = fc.oneof(fc.uint8Array({ maxLength: 3 }), fc.uint8Array({ minLength: 13, maxLength: 18 }));
    const sets = fc.array(fc.tuple(key, fc.nat(2 ** 31 - 1)), { maxLength: 300, size: 'max' });
    const maxBytes = fc.integer({ min: 2 * entryBytes, max: 4000 });

    fc.assert(
      fc.property(sets, maxBytes, fc.nat(), (entries, most, seed) => {
        const offsets = new KeyOffsets(most, seededRandom(seed));
        const model = new Map<string, number>();
        for (const [bytes, offset] of entries) {
          const padded = Buffer.concat([Buffer.from('xx'), bytes, Buffer.from('yy')]);
          const text = Buffer.from(bytes).toString('hex');
          const isSet = offsets.set(padded, 2, 2 + bytes.length, offset);
          expect(isSet || !model.has(text)).toBe(true);
          if (isSet) model.set(text, offset);
          expect(offsets.get(padded, 2, 2 + bytes.length)).toBe(model.get(text));
        }
        expect(offsets.count).toBe(model.size);
        expect(offsets.allocatedBytes).toBeLessThanOrEqual(most);
        for (const [text, offset] of model) {
          const bytes = Buffer.from(text, 'hex');
          expect(offsets.get(bytes, 0, bytes.length)).toBe(offset);
        }
      }),
    );
  });

  it('takes half as many keys as its bytes would hold, at least', () => {
    const offsets = new KeyOffsets(24_000, seededRandom(1));

    let count = 0;
    for (; offsets.set(Buffer.from(`${count}`), 0, `${count}`.length, count); count += 1);

    expect(count).toBeGreaterThan(400);
    expect(offsets.set(Buffer.from('0'), 0, 1, 77)).toBe(true);
    expect(offsets.get(Buffer.from('0'), 0, 1)).toBe(77);
  });
});
