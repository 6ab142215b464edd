import { Encoder } from '@toondepauw/node-zstd';
import fc from 'fast-check';
import { zstdContentBounds } from './zstd-frame.ts';

const magic = [0x28, 0xb5, 0x2f, 0xfd];
const unlimited = Number.MAX_SAFE_INTEGER;

/** type 0: stored, 1: repeated, 2: compressed. */
function blockHeader(isLast: boolean, type: number, size: number): Buffer {
  const header = Buffer.alloc(3);
  header.writeUIntLE((size << 3) | (type << 1) | (isLast ? 1 : 0), 0, 3);
  return header;
}

describe('a zstd stream', () => {
  it('holds what lies between its bounds', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(255), fc.nat(100_000)), { maxLength: 8 }),
        fc.integer({ min: 1, max: 9 }),
        (runs, level) => {
          const content = Buffer.concat(runs.map(([byte, length]) => Buffer.alloc(length, byte)));
          const stream = new Encoder(level).encodeSync(content);

          const { least, most } = zstdContentBounds(stream, unlimited);

          expect(least).toBeLessThanOrEqual(content.length);
          expect(most).toBeGreaterThanOrEqual(content.length);
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
      zstdContentBounds(stream, unlimited),
    );

    expect(bounds).toEqual([
      { least: 2, most: 2 },
      { least: 100_000, most: 100_000 },
      { least: 0, most: 1152 },
      { least: 0, most: 131_072 },
      { least: 0, most: 0 },
    ]);
    expect(zstdContentBounds(Buffer.concat([stored, skipped, repeated]), unlimited)).toEqual({
      least: 100_002,
      most: 100_002,
    });
  });

  it('reads content sizes of every width', () => {
    for (const [descriptor, size, bound] of [
      [0x20, [5], 5],
      [0x60, [0, 1], 512],
      [0xa0, [0, 0, 1, 0], 65_536],
      [0xe0, [0, 0, 0, 0, 1, 0, 0, 0], 2 ** 32],
    ] as const) {
      const stream = Buffer.concat([
        Buffer.from([...magic, descriptor, ...size]),
        blockHeader(true, 2, 1),
        Buffer.from([0]),
      ]);

      expect(zstdContentBounds(stream, unlimited)).toEqual({ least: bound, most: Math.min(bound, 131_072) });
    }
  });

  it('may not want a window that is larger than 8 MiB and than the limit', () => {
    const wants = (exponent: number) =>
      Buffer.concat([Buffer.from([...magic, 0, (exponent - 10) << 3]), blockHeader(true, 0, 0)]);

    expect(zstdContentBounds(wants(23), 1000)).toEqual({ least: 0, most: 0 });
    expect(() => zstdContentBounds(wants(24), 1000)).toThrow('it wants a window of 16777216 bytes');
    expect(zstdContentBounds(wants(24), 16_777_216)).toEqual({ least: 0, most: 0 });
  });

  it.each<[string, string]>([
    ['with another magic', '0000000000000000'],
    ['cut off in its header', '28b52ffd00'],
    ['cut off in a block', '28b52ffd0070130000'],
    ['with a reserved block', '28b52ffd0070070000'],
    ['with a skippable frame that is not all there', '502a4d18ffffff7f'],
  ])('%s is refused', (_what, hex) => {
    expect(() => zstdContentBounds(Buffer.from(hex, 'hex'), unlimited)).toThrow(RangeErrorLike);
  });
});

/** Node's own range errors are of another realm than jest's. */
const RangeErrorLike = expect.objectContaining({ name: 'RangeError' });
