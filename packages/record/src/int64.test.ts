import fc from 'fast-check';
import { readInt64, writeInt64 } from './int64.ts';

describe('int64', () => {
  it('is what 64-bit arithmetic writes, for any safe integer', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (value) => {
        const bytes = Buffer.alloc(10);

        writeInt64(bytes, 1, value);

        expect(bytes.readBigInt64BE(1)).toBe(BigInt(value));
        expect(readInt64(bytes, 1, 'it')).toBe(value);
      }),
      { examples: [[-1], [Number.MAX_SAFE_INTEGER], [Number.MIN_SAFE_INTEGER], [2 ** 32], [-(2 ** 32)]] },
    );
  });

  it.each([2n ** 53n, -(2n ** 53n), 2n ** 63n - 1n, -(2n ** 63n)])('refuses %p', (value) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64BE(value);

    expect(() => readInt64(bytes, 0, 'producer id')).toThrow(`producer id ${value} is beyond 2^53`);
  });
});
