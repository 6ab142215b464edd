import fc from 'fast-check';
import { crc32c, crc32cByTables, prepareChecksums } from './crc32c.ts';

// RFC 3720 (iSCSI) appendix B.4, and the check value of the catalogue of CRCs.
const known: readonly [string, Buffer, number][] = [
  ['nothing', Buffer.alloc(0), 0],
  ['123456789', Buffer.from('123456789'), 0xe3069283],
  ['32 zeros', Buffer.alloc(32), 0x8a9136aa],
  ['32 ones', Buffer.alloc(32, 0xff), 0x62a8ab43],
  ['32 rising', Buffer.from(Array.from({ length: 32 }, (_, i) => i)), 0x46dd794e],
];

function bitByBit(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  return ~crc >>> 0;
}

describe('crc32c', () => {
  it.each(known)('of %s is the published one', (_name, bytes, expected) => {
    expect(crc32c(bytes)).toBe(expected);
  });

  it('of a range agrees with the definition, before and after the native package is loaded', async () => {
    const agrees = () =>
      fc.assert(
        fc.property(
          fc.uint8Array({ minLength: 0, maxLength: 700 }),
          fc.nat(700),
          fc.nat(700),
          (bytes, a, b) => {
            const start = Math.min(a, b, bytes.length);
            const end = Math.min(Math.max(a, b), bytes.length);

            expect(crc32c(bytes, start, end)).toBe(bitByBit(bytes.subarray(start, end)));
          },
        ),
      );

    agrees();
    const { native } = await prepareChecksums();
    agrees();

    // The native package is optional for users, and installed here.
    expect(native).toBe(true);
  });

  it('by tables agrees with the definition at any length and alignment', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(7), (bytes, start) => {
        const from = Math.min(start, bytes.length);

        expect(crc32cByTables(bytes, from, bytes.length)).toBe(bitByBit(bytes.subarray(from)));
      }),
    );
  });
});
