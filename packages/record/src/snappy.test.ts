import * as library from 'snappy';
import { snappyCodec } from './snappy.ts';

const codec = snappyCodec(library);
const corruptMessage = expect.objectContaining({ code: 'CORRUPT_MESSAGE' });

describe('snappy', () => {
  it('is written in the blocks of 32 KiB that Java writes', () => {
    const compressed = codec.compress(Buffer.alloc(70_000, 'log line '));

    const lengths: number[] = [];
    for (let at = 16; at < compressed.length; ) {
      const length = compressed.readInt32BE(at);
      lengths.push(library.uncompressSync(compressed.subarray(at + 4, at + 4 + length)).length);
      at += 4 + length;
    }

    expect(compressed.subarray(0, 16).toString('hex')).toBe('82534e41505059000000000100000001');
    expect(lengths).toEqual([32_768, 32_768, 4464]);
  });

  it('is also read raw, as librdkafka writes it', () => {
    const raw = library.compressSync(Buffer.from('raw snappy '.repeat(50)));

    expect(codec.decompress(raw, 1000).toString()).toBe('raw snappy '.repeat(50));
  });

  it('bounds all blocks together', () => {
    const compressed = codec.compress(Buffer.alloc(70_000));

    expect(codec.decompress(compressed, 70_000)).toHaveLength(70_000);
    expect(() => codec.decompress(compressed, 69_999)).toThrow(corruptMessage);
  });

  it('does not believe a size that so few bytes cannot become', () => {
    const declared = Buffer.from([0x80, 0x80, 0x80, 0x20, 0x00, 0x61]);

    expect(() => codec.decompress(declared, 0x7fffffff)).toThrow(
      expect.objectContaining({
        cause: expect.objectContaining({ message: '6 bytes cannot become 67108864' }),
      }),
    );
  });

  it('refuses blocks of a length that is not there', () => {
    const compressed = codec.compress(Buffer.from('some bytes'));
    for (const length of [0x7fffffff, -1, -20]) {
      compressed.writeInt32BE(length, 16);
      expect(() => codec.decompress(compressed, 1000)).toThrow(corruptMessage);
    }
  });
});
