import { Encoder } from '@toondepauw/node-zstd';
import fc from 'fast-check';
import { builtInZstdCodec } from './zstd.ts';
import { zstdContentBytesAtMost } from './zstd-frame.ts';

const magic = [0x28, 0xb5, 0x2f, 0xfd];
const unlimited = Number.MAX_SAFE_INTEGER;

/** type 0: stored, 1: repeated, 2: compressed. */
function blockHeader(isLast: boolean, type: number, size: number): Buffer {
  const header = Buffer.alloc(3);
  header.writeUIntLE((size << 3) | (type << 1) | (isLast ? 1 : 0), 0, 3);
  return header;
}

describe('a zstd stream', () => {
  it('is never bounded below what it holds', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(255), fc.nat(100_000)), { maxLength: 8 }),
        fc.integer({ min: 1, max: 19 }),
        (runs, level) => {
          const content = Buffer.concat(runs.map(([byte, length]) => Buffer.alloc(length, byte)));
          const stream = new Encoder(level).encodeSync(content);

          const bound = zstdContentBytesAtMost(stream, unlimited);

          expect(bound).toBeGreaterThanOrEqual(content.length);
          expect(bound).toBeLessThanOrEqual(content.length + 2 * 128 * 1024);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('counts stored and repeated bytes as they are, a compressed block as its window or 128 KiB, in every frame', () => {
    const stored = Buffer.concat([
      Buffer.from([...magic, 0, 0x70]),
      blockHeader(true, 0, 2),
      Buffer.from('ab'),
    ]);
    const repeated = Buffer.concat([
      Buffer.from([...magic, 0, 0x70]),
      blockHeader(true, 1, 100_000),
      Buffer.from('x'),
    ]);
    const smallWindow = Buffer.concat([
      Buffer.from([...magic, 0, 0x01]),
      blockHeader(true, 2, 1),
      Buffer.from([0]),
    ]);
    const largeWindow = Buffer.concat([
      Buffer.from([...magic, 0, 0x70]),
      blockHeader(true, 2, 1),
      Buffer.from([0]),
    ]);
    const skipped = Buffer.from('502a4d1803000000616263', 'hex');

    const bounds = [stored, repeated, smallWindow, largeWindow, skipped].map((stream) =>
      zstdContentBytesAtMost(stream, unlimited),
    );

    expect(bounds).toEqual([2, 100_000, 1152, 131_072, 0]);
    expect(zstdContentBytesAtMost(Buffer.concat([stored, skipped, repeated]), unlimited)).toBe(100_002);
  });

  it('reads content sizes of every width', () => {
    for (const [descriptor, size, bound] of [
      [0x20, [5], 5],
      [0x60, [0, 1], 512],
      [0xa0, [0, 0, 1, 0], 65_536],
      [0xe0, [0, 0, 1, 0, 0, 0, 0, 0], 65_536],
    ] as const) {
      const stream = Buffer.concat([
        Buffer.from([...magic, descriptor, ...size]),
        blockHeader(true, 2, 1),
        Buffer.from([0]),
      ]);

      expect(zstdContentBytesAtMost(stream, unlimited)).toBe(bound);
    }
  });

  it('may not want a window that is larger than 8 MiB and than the limit', () => {
    const wants = (exponent: number) =>
      Buffer.concat([Buffer.from([...magic, 0, (exponent - 10) << 3]), blockHeader(true, 0, 0)]);

    expect(zstdContentBytesAtMost(wants(23), 1000)).toBe(0);
    expect(() => zstdContentBytesAtMost(wants(24), 1000)).toThrow('it wants a window of 16777216 bytes');
    expect(zstdContentBytesAtMost(wants(24), 16_777_216)).toBe(0);
  });

  it.each<[string, string]>([
    ['with another magic', '0000000000000000'],
    ['cut off in its header', '28b52ffd00'],
    ['cut off in a block', '28b52ffd0070130000'],
    ['with a reserved block', '28b52ffd0070070000'],
    ['with a skippable frame that is not all there', '502a4d18ffffff7f'],
  ])('%s is refused', (_what, hex) => {
    expect(() => zstdContentBytesAtMost(Buffer.from(hex, 'hex'), unlimited)).toThrow(RangeErrorLike);
  });
});

/** Node's own range errors are of another realm than jest's. */
const RangeErrorLike = expect.objectContaining({ name: 'RangeError' });

describe("Node's own zstd", () => {
  it('is used where there is one, and bounded', () => {
    const codec = builtInZstdCodec();
    const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
    const isThere = major > 23 || (major === 23 && minor >= 8) || (major === 22 && minor >= 15);

    expect(codec !== undefined).toBe(isThere);
    if (codec === undefined) return;
    const compressed = codec.compress(Buffer.alloc(100_000, 'x'));
    expect(codec.decompress(compressed, 100_000)).toEqual(Buffer.alloc(100_000, 'x'));
    expect(() => codec.decompress(compressed, 99_999)).toThrow(
      expect.objectContaining({ code: 'CORRUPT_MESSAGE' }),
    );
  });
});
