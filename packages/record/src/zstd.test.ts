import * as library from '@toondepauw/node-zstd';
import { builtInZstdCodec, zstdCodec } from './zstd.ts';

const corruptMessage = expect.objectContaining({ code: 'CORRUPT_MESSAGE' });

/** A compressed block, as libzstd makes one of 128 KiB of the letter x. Nothing in it states its size. */
const blockOfXs = Buffer.from('540000' + '1078780100fbff39c002', 'hex');
const blockContentBytes = 128 * 1024;

function bombOf(blocks: number): Buffer {
  const header = Buffer.from('28b52ffd0058', 'hex');
  const emptyLastBlock = Buffer.from('010000', 'hex');
  return Buffer.concat([header, ...Array<Buffer>(blocks).fill(blockOfXs), emptyLastBlock]);
}

describe("the package's zstd", () => {
  const codec = zstdCodec(library);

  it('holds a stream to its limit to the byte, though nothing states its size', () => {
    const stream = bombOf(3);

    expect(codec.decompress(stream, 3 * blockContentBytes)).toEqual(Buffer.alloc(3 * blockContentBytes, 'x'));
    expect(() => codec.decompress(stream, 3 * blockContentBytes - 1)).toThrow(corruptMessage);
  });

  it('does not try a stream that may become more than 64 MiB and twice the limit', () => {
    const tried = bombOf(512);
    const untried = bombOf(513);

    expect(() => codec.decompress(tried, 1000)).toThrow(causedBy('it holds 67108864 bytes'));
    expect(() => codec.decompress(untried, 1000)).toThrow(causedBy('it may hold 67239936 bytes'));
    expect(codec.decompress(untried, 513 * blockContentBytes)).toHaveLength(513 * blockContentBytes);
  });
});

describe("Node's own zstd", () => {
  it('is used where there is one', () => {
    const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
    const isThere = major > 23 || (major === 23 && minor >= 8) || (major === 22 && minor >= 15);

    expect(builtInZstdCodec() !== undefined).toBe(isThere);
  });
});

function causedBy(message: string): Error {
  return expect.objectContaining({
    code: 'CORRUPT_MESSAGE',
    cause: expect.objectContaining({ message }),
  }) as Error;
}
