import { Writer } from './writer.ts';

/** What a frame holds, written by hand. */
function expected(number: number, padding: number): Buffer {
  const bytes = Buffer.alloc(4 + 4 + 2 + 1 + 8 + padding);
  bytes.writeInt32BE(bytes.length - 4, 0);
  bytes.writeInt32BE(number, 4);
  bytes.writeInt16BE(number % 1000, 8);
  bytes.writeInt8(number % 100, 10);
  bytes.writeBigInt64BE(BigInt(number) * 1_000_000n, 11);
  bytes.fill('x', 19);
  return bytes;
}

describe('Writer', () => {
  it.each([0, 1, 2, 3, 5, 7, 11])(
    'writes frame after frame, also where its memory comes to an end (%i bytes more in each)',
    (padding) => {
      const writer = new Writer();
      const frames: Buffer[] = [];
      for (let number = 0; number < 20_000; number += 1) {
        writer.begin();
        writer.int32(number);
        writer.int16(number % 1000);
        writer.int8(number % 100);
        writer.int64(number * 1_000_000);
        writer.text('x'.repeat(padding), padding);
        frames.push(Buffer.concat(writer.finish() as Buffer[]));
      }

      // What was handed out before stays as it was.
      const wrong = frames.findIndex((frame, number) => !frame.equals(expected(number, padding)));
      expect(wrong).toBe(-1);
    },
  );
});
