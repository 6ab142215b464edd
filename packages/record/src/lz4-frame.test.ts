import fc from 'fast-check';
import { compressFrameSync } from 'lz4-napi';
import { lz4FrameContentBytes } from './lz4-frame.ts';

/** Runs and chance mixed, so that frames hold literals and matches of any length. */
function contentArbitrary(): fc.Arbitrary<Buffer> {
  return fc
    .array(fc.tuple(fc.nat(255), fc.oneof(fc.integer({ min: 1, max: 20 }), fc.nat(70_000))), {
      maxLength: 12,
    })
    .map((runs) => Buffer.concat(runs.map(([byte, length]) => Buffer.alloc(length, byte))));
}

/** A frame around blocks as they are; its header checksum is left open, nobody looks at it here. */
function frameOf(flag: number, extra: Buffer, ...blocks: readonly Buffer[]): Buffer {
  const pieces = blocks.flatMap((block) => {
    const length = Buffer.alloc(4);
    length.writeUInt32LE(block.length);
    return [length, block];
  });
  return Buffer.concat([
    Buffer.from([0x04, 0x22, 0x4d, 0x18, flag, 0x40]),
    extra,
    Buffer.alloc(1),
    ...pieces,
    Buffer.alloc(4),
  ]);
}

function contentSize(bytes: bigint): Buffer {
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(bytes);
  return size;
}

/** One literal, a match of 19 + 255 n + 0 bytes, one literal at the end. */
function runBlock(n: number): Buffer {
  return Buffer.concat([
    Buffer.from([0x1f, 0x61, 0x01, 0x00]),
    Buffer.alloc(n, 255),
    Buffer.from([0, 0x10, 0x62]),
  ]);
}

describe('an LZ4 frame', () => {
  it('is measured to the byte', () => {
    fc.assert(
      fc.property(
        contentArbitrary(),
        fc.boolean(),
        fc.boolean(),
        (content, contentChecksum, blockChecksums) => {
          const frame = compressFrameSync(content, { contentChecksum, blockChecksums });

          expect(lz4FrameContentBytes(frame, content.length)).toBe(content.length);
        },
      ),
    );
  });

  it('of few bytes that become many is measured without them', () => {
    const frame = frameOf(0x60, Buffer.alloc(0), runBlock(10_000));

    expect(lz4FrameContentBytes(frame, Number.MAX_SAFE_INTEGER)).toBe(1 + 19 + 255 * 10_000 + 1);
    expect(lz4FrameContentBytes(frame, 100)).toBeGreaterThan(100);
  });

  it('is held to the size that it states', () => {
    const size = 1 + 19 + 255 * 2 + 1;

    expect(lz4FrameContentBytes(frameOf(0x68, contentSize(BigInt(size)), runBlock(2)), 1000)).toBe(size);
    expect(() => lz4FrameContentBytes(frameOf(0x68, contentSize(7n), runBlock(2)), 1000)).toThrow(
      `it states 7 bytes and holds ${size}`,
    );
    expect(lz4FrameContentBytes(frameOf(0x68, contentSize(2n ** 62n), runBlock(2)), 1000)).toBeGreaterThan(
      1000,
    );
  });

  it.each<[string, Buffer]>([
    ['with another magic', Buffer.alloc(20, 1)],
    ['cut off', compressFrameSync(Buffer.alloc(100)).subarray(0, -5)],
    ['with bytes behind it', Buffer.concat([compressFrameSync(Buffer.alloc(100)), Buffer.alloc(1)])],
    ['with a block of 2^31 - 1 bytes', Buffer.from('04224d18604000ffffff7f00', 'hex')],
    ['of nothing', Buffer.alloc(0)],
  ])('%s is refused', (_what, frame) => {
    expect(() => lz4FrameContentBytes(frame, 1000)).toThrow(/LZ4|fit|ends at|out of|outside/);
  });
});
