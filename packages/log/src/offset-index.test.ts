import fc from 'fast-check';
import { IndexPacer, OffsetIndex } from './offset-index.ts';

interface Line {
  readonly base: number;
  readonly last: number;
  readonly position: number;
}

const segmentBase = 1_000_000_000_000;

/** Lines as batches would give them: ascending, not overlapping, not all batches. */
const arbitraryLines: fc.Arbitrary<Line[]> = fc
  .array(
    fc.record({
      skipped: fc.nat(5),
      records: fc.integer({ min: 1, max: 9 }),
      bytes: fc.integer({ min: 61, max: 5000 }),
    }),
  )
  .map((batches) => {
    const lines: Line[] = [];
    let offset = segmentBase;
    let position = 0;
    for (const { skipped, records, bytes } of batches) {
      lines.push({ base: offset + skipped, last: offset + skipped + records - 1, position });
      offset += skipped + records;
      position += bytes;
    }
    return lines;
  });

function indexOf(lines: readonly Line[]): OffsetIndex {
  const index = new OffsetIndex(segmentBase);
  for (const { base, last, position } of lines) index.add(base, last, position);
  return index;
}

describe('an offset index', () => {
  it('finds what a search from the beginning finds', () => {
    fc.assert(
      fc.property(arbitraryLines, fc.nat(300), fc.nat(20_000), (lines, ahead, position) => {
        const index = indexOf(lines);
        const offset = segmentBase + ahead;

        expect(index.floor(offset)?.position).toBe(
          lines.findLast(({ base, last }) => last <= offset || base <= offset)?.position,
        );
        expect(index.ceiling(offset)?.position).toBe(lines.find(({ last }) => last >= offset)?.position);
        expect(index.floorOfPosition(position)?.position).toBe(
          lines.findLast((line) => line.position <= position)?.position,
        );
      }),
    );
  });

  it('is the same after encoding and decoding, but for base offsets', () => {
    fc.assert(
      fc.property(arbitraryLines, (lines) => {
        const decoded = OffsetIndex.decode(indexOf(lines).encode(), segmentBase, 2 ** 31 - 1);

        expect(decoded?.count).toBe(lines.length);
        for (const [at, { last, position }] of lines.entries()) {
          expect(decoded?.at(at)).toEqual({ baseOffset: undefined, lastOffset: last, position });
        }
      }),
    );
  });

  it('forgets the lines at a position and behind it', () => {
    const index = indexOf([
      { base: segmentBase, last: segmentBase, position: 100 },
      { base: segmentBase + 1, last: segmentBase + 5, position: 200 },
    ]);

    index.truncate(200);

    expect(index.last).toEqual({ baseOffset: segmentBase, lastOffset: segmentBase, position: 100 });
    index.truncate(0);
    expect(index.last).toBeUndefined();
  });

  it('is not taken from bytes that no index of the segment can have', () => {
    const sound = indexOf([{ base: segmentBase, last: segmentBase + 3, position: 500 }]).encode();

    expect(OffsetIndex.decode(sound, segmentBase, 501)?.count).toBe(1);
    expect(OffsetIndex.decode(sound, segmentBase, 500)).toBeUndefined();
    expect(OffsetIndex.decode(sound.subarray(0, 7), segmentBase, 501)).toBeUndefined();
    expect(OffsetIndex.decode(Buffer.concat([sound, sound]), segmentBase, 501)).toBeUndefined();
    expect(OffsetIndex.decode(Buffer.from('8000000000000001', 'hex'), segmentBase, 501)).toBeUndefined();
  });
});

describe('an index pacer', () => {
  it('picks the first batch behind more than the interval (KAFKA-804)', () => {
    const pacer = new IndexPacer();

    const picked = [50, 50, 50, 500, 10, 10].map((bytes) => pacer.isDue(bytes, 100));

    expect(picked).toEqual([false, false, false, true, true, false]);
  });
});
