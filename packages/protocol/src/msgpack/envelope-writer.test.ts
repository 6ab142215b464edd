import fc from 'fast-check';
import { Unpackr } from 'msgpackr';
import { EnvelopeWriter } from './envelope-writer.ts';

const unpackr = new Unpackr({ useRecords: false, int64AsType: 'number' });

type Item = number | string | boolean | null;

function written(writer: EnvelopeWriter, items: readonly Item[]): Buffer {
  writer.begin();
  writer.list(items.length);
  for (const item of items) {
    if (item === null) writer.nil();
    else if (typeof item === 'number') writer.integer(item);
    else if (typeof item === 'string') writer.text(item);
    else writer.flag(item);
  }
  return writer.finish()[0] as Buffer;
}

const items: fc.Arbitrary<Item[]> = fc.array(
  fc.oneof(
    fc.constant(null),
    fc.boolean(),
    fc.maxSafeInteger().map((value) => value + 0),
    fc.integer({ min: -40_000, max: 70_000 }),
    fc.string({ unit: 'binary', maxLength: 70 }),
    fc.integer({ min: 0, max: 70_000 }).map((length) => 'é'.repeat(length)),
  ),
  { maxLength: 40 },
);

describe('EnvelopeWriter', () => {
  it('writes what msgpackr reads, frame behind frame', () => {
    const writer = new EnvelopeWriter();
    fc.assert(
      fc.property(items, (expected) => {
        const frame = written(writer, expected);

        expect(frame.readInt32BE(0)).toBe(frame.length - 4);
        expect(frame.readInt32BE(4)).toBe(frame.length - 8);
        expect(unpackr.unpack(frame.subarray(8))).toEqual(expected);
      }),
    );
  });

  it('never writes into a frame that it has handed out', () => {
    const writer = new EnvelopeWriter();
    const frames = Array.from({ length: 3_000 }, (_, i) => written(writer, [i, 'x'.repeat(i % 100)]));

    frames.forEach((frame, i) => {
      expect(unpackr.unpack(frame.subarray(8))).toEqual([i, 'x'.repeat(i % 100)]);
    });
  });

  it('writes numbers in the shortest form, and lists of any length', () => {
    const writer = new EnvelopeWriter();
    const tagOf = (value: number): number | undefined => written(writer, [value])[9];
    const tags = [127, 128, 256, 65_536, 2 ** 32, -32, -33, -129, -32_769, -(2 ** 31) - 1].map(tagOf);

    expect(tags).toEqual([127, 0xcc, 0xcd, 0xce, 0xcf, 0xe0, 0xd0, 0xd1, 0xd2, 0xd3]);
    for (const count of [15, 16, 65_535, 65_536])
      expect(unpackr.unpack(written(writer, Array(count).fill(1)).subarray(8))).toHaveLength(count);
  });

  it('counts the bytes beside the envelope and keeps their order', () => {
    const writer = new EnvelopeWriter();
    let released = 0;
    const range = { byteLength: 1_000, read: async () => Buffer.alloc(0), release: () => {} };
    const empty = { ...range, byteLength: 0, release: () => (released += 1) };

    writer.begin();
    writer.list(3);
    for (const bytes of [Buffer.from('abc'), range, empty]) writer.beside(bytes);
    const [head, ...beside] = writer.finish();

    expect(beside).toEqual([Buffer.from('abc'), range]);
    expect((head as Buffer).readInt32BE(0)).toBe((head as Buffer).length - 4 + 1_003);
    expect(released).toBe(1);
  });

  it('forgets a frame that was begun and not finished', () => {
    const writer = new EnvelopeWriter();
    writer.begin();
    writer.list(2);
    writer.beside(Buffer.from('lost'));

    const frame = written(writer, [1]);

    expect(unpackr.unpack(frame.subarray(8))).toEqual([1]);
  });

  it('refuses a frame that no length can say', () => {
    const writer = new EnvelopeWriter();
    writer.begin();
    writer.beside({ byteLength: 0x7fffffff, read: async () => Buffer.alloc(0), release: () => {} });

    expect(() => writer.finish()).toThrow(RangeError);
  });
});
