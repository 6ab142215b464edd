import fc from 'fast-check';
import { ChunkedBytes } from './chunked-bytes.ts';

type Change = { append: Uint8Array } | { resize: number };

const change: fc.Arbitrary<Change> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ append: fc.uint8Array({ maxLength: 900 }) }) },
  fc.record({ resize: fc.integer({ min: 0, max: 3000 }) }),
);

describe('chunked bytes', () => {
  it('hold what a plain buffer would, for any growing and cutting', () => {
    fc.assert(
      fc.property(fc.array(change), fc.nat(4000), fc.nat(4000), (changes, position, length) => {
        const bytes = new ChunkedBytes();
        let expected = Buffer.alloc(0);

        for (const next of changes) {
          if ('append' in next) {
            bytes.append(next.append);
            expected = Buffer.concat([expected, next.append]);
          } else {
            bytes.resize(next.resize);
            expected = Buffer.concat([expected, Buffer.alloc(Math.max(0, next.resize - expected.length))]);
            expected = expected.subarray(0, next.resize);
          }
        }

        expect(bytes.byteLength).toBe(expected.length);
        expect(bytes.read(0, expected.length).equals(expected)).toBe(true);
        expect(bytes.read(position, length).equals(expected.subarray(position, position + length))).toBe(
          true,
        );
      }),
    );
  });

  it('reserve little beyond the bytes, in small and in large pieces', () => {
    const bytes = new ChunkedBytes();
    const eight = Buffer.alloc(8, 1);

    for (let count = 0; count < 1_000_000; count++) bytes.append(eight);
    for (let count = 0; count < 24; count++) bytes.append(Buffer.alloc(1_000_000));

    expect(bytes.byteLength).toBe(32_000_000);
    expect(bytes.reservedBytes).toBeLessThan(32_000_000 + 256 * 1024);
  });
});
