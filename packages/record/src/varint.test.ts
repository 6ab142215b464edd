import fc from 'fast-check';
import { sizeOfVarint, sizeOfVarlong, VarintReader, writeVarint, writeVarlong } from './varint.ts';

function reading(...bytes: number[]): VarintReader {
  return new VarintReader(Uint8Array.from(bytes), 0, bytes.length);
}

describe('varint', () => {
  it.each([
    [0, [0x00]],
    [-1, [0x01]],
    [1, [0x02]],
    [63, [0x7e]],
    [-64, [0x7f]],
    [64, [0x80, 0x01]],
    [300, [0xd8, 0x04]],
    [0x7fffffff, [0xfe, 0xff, 0xff, 0xff, 0x0f]],
    [-0x80000000, [0xff, 0xff, 0xff, 0xff, 0x0f]],
  ])('writes %i as protocol buffers do', (value, expected) => {
    const bytes = new Uint8Array(5);

    const end = writeVarint(bytes, 0, value);

    expect([...bytes.subarray(0, end)]).toEqual(expected);
  });

  it('gives back any int32, in as many bytes as it said', () => {
    fc.assert(
      fc.property(fc.integer(), (value) => {
        const bytes = new Uint8Array(8);
        const end = writeVarint(bytes, 2, value);
        const reader = new VarintReader(bytes, 2, end);

        expect(end - 2).toBe(sizeOfVarint(value));
        expect(reader.varint()).toBe(value);
        expect(reader.position).toBe(end);
      }),
    );
  });

  it('refuses what does not end within 32 bits', () => {
    for (const bytes of [
      [0x80, 0x80, 0x80, 0x80, 0x10],
      [0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
    ]) {
      expect(() => reading(...bytes).varint()).toThrow(expect.objectContaining({ code: 'CORRUPT_MESSAGE' }));
    }
  });

  it('never reads past its end', () => {
    const bytes = Uint8Array.from([0x80, 0x01]);

    expect(() => new VarintReader(bytes, 0, 1).varint()).toThrow(/runs past byte 1/);
    expect(() => new VarintReader(bytes, 2, 2).varint()).toThrow(/runs past byte 2/);
    expect(() => new VarintReader(bytes, 0, 1).varlong()).toThrow(/runs past byte 1/);
  });
});

describe('varlong', () => {
  it('gives back any safe integer, in as many bytes as it said', () => {
    fc.assert(
      fc.property(fc.oneof(fc.maxSafeInteger(), fc.integer()), (value) => {
        const bytes = new Uint8Array(10);
        const end = writeVarlong(bytes, 0, value);
        const reader = new VarintReader(bytes, 0, end);

        expect(end).toBe(sizeOfVarlong(value));
        expect(reader.varlong()).toBe(value);
        expect(reader.position).toBe(end);
      }),
      {
        examples: [[Number.MAX_SAFE_INTEGER], [Number.MIN_SAFE_INTEGER], [2 ** 31], [-(2 ** 31) - 1]],
      },
    );
  });

  it('writes the bytes that 64-bit arithmetic gives', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (value) => {
        const bytes = new Uint8Array(10);
        const end = writeVarlong(bytes, 0, value);

        let zigzag = BigInt.asUintN(64, (BigInt(value) << 1n) ^ (BigInt(value) >> 63n));
        const expected: number[] = [];
        for (; zigzag >= 0x80n; zigzag >>= 7n) expected.push(Number(zigzag & 0x7fn) | 0x80);
        expect([...bytes.subarray(0, end)]).toEqual([...expected, Number(zigzag)]);
      }),
    );
  });

  it('refuses numbers beyond 2^53 and beyond ten bytes', () => {
    const beyondSafe = [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x40];
    const beyondTen = [...Array<number>(10).fill(0x80), 0x00];

    for (const bytes of [beyondSafe, beyondTen]) {
      expect(() => reading(...bytes).varlong()).toThrow(expect.objectContaining({ code: 'CORRUPT_MESSAGE' }));
    }
  });
});
