import fc from 'fast-check';
import { TimeIndex } from './time-index.ts';

const segmentBase = 1_000_000_000_000;

interface Noted {
  readonly lastOffset: number;
  readonly maxTimestamp: number;
  readonly isIndexed: boolean;
}

/** Batches of any timestamps, out of order and alike, some of them with a line in the offset index. */
const arbitraryBatches: fc.Arbitrary<Noted[]> = fc
  .array(
    fc.record({
      records: fc.integer({ min: 1, max: 9 }),
      maxTimestamp: fc.oneof(fc.integer({ min: -1, max: 30 }), fc.constantFrom(2 ** 32, 2 ** 53 - 1)),
      isIndexed: fc.boolean(),
    }),
  )
  .map((batches) => {
    let end = segmentBase;
    return batches.map(({ records, ...batch }) => {
      end += records;
      return { ...batch, lastOffset: end - 1 };
    });
  });

function indexOf(batches: readonly Noted[]): TimeIndex {
  const index = new TimeIndex(segmentBase);
  for (const batch of batches) index.note(batch, batch.isIndexed);
  return index;
}

describe('a time index', () => {
  it('starts a search behind batches that are all too old, whatever the timestamps', () => {
    fc.assert(
      fc.property(arbitraryBatches, fc.integer({ min: 0, max: 31 }), (batches, timestamp) => {
        const index = indexOf(batches);

        const start = index.startFor(timestamp);

        const upToStart = batches.filter(({ lastOffset }) => lastOffset <= (start?.offset ?? -1));
        expect(upToStart.filter(({ maxTimestamp }) => maxTimestamp >= timestamp)).toEqual([]);
        expect(upToStart.at(-1)?.maxTimestamp).toBe(start?.timestamp);
        const largest = Math.max(-1, ...batches.map(({ maxTimestamp }) => maxTimestamp));
        expect(index.largestTimestamp).toBe(largest);
      }),
    );
  });

  it('starts a search at most two entries before what it seeks', () => {
    const index = indexOf(
      [10, 20, 30, 40].map((maxTimestamp, at) => ({
        lastOffset: segmentBase + at,
        maxTimestamp,
        isIndexed: true,
      })),
    );

    const starts = [10, 20, 21, 31, 41].map((timestamp) => index.startFor(timestamp)?.timestamp);

    expect(starts).toEqual([undefined, undefined, 10, 20, 30]);
  });

  it('reads back what it wrote, and the largest timestamp with it', () => {
    fc.assert(
      fc.property(arbitraryBatches, (batches) => {
        const index = indexOf(batches);
        const bytes = index.encode();

        const read = TimeIndex.decode(bytes, segmentBase, (batches.at(-1)?.lastOffset ?? segmentBase) + 1);

        expect(read?.encode()).toEqual(bytes);
        expect([read?.largestTimestamp, read?.largestOffset]).toEqual([
          index.largestTimestamp,
          index.largestOffset,
        ]);
      }),
    );
  });

  it('is the same in two parts as in one', () => {
    fc.assert(
      fc.property(arbitraryBatches, fc.nat(20), (batches, at) => {
        const parts = indexOf(batches.slice(0, at));

        parts.append(indexOf(batches.slice(at)));

        const whole = indexOf(batches);
        expect(parts.largestTimestamp).toBe(whole.largestTimestamp);
        expect(parts.largestOffset).toBe(whole.largestOffset);
        for (let timestamp = 0; timestamp <= 31; timestamp++) {
          const start = parts.startFor(timestamp);
          const tooYoung = batches.filter(
            ({ lastOffset, maxTimestamp }) =>
              lastOffset <= (start?.offset ?? -1) && maxTimestamp >= timestamp,
          );
          expect([timestamp, tooYoung]).toEqual([timestamp, []]);
        }
      }),
    );
  });

  it('says that nothing is there without timestamps', () => {
    const index = indexOf([{ lastOffset: segmentBase, maxTimestamp: -1, isIndexed: true }]);

    expect([index.largestTimestamp, index.count, index.encode().length]).toEqual([-1, 0, 0]);
    expect(index.startFor(0)).toBeUndefined();
  });

  it.each([
    ['cut in the middle of an entry', '000000000000000a000000', 9],
    ['of an offset behind the segment', '000000000000000a00000009', 9],
    ['of an offset before the segment', '000000000000000affffffff', 9],
    ['of a timestamp before 1970', 'ffffffffffffffff00000001', 9],
    ['of a timestamp beyond 2^53', '002000000000000000000001', 9],
    ['whose timestamps do not grow', '000000000000000a00000001000000000000000a00000002', 9],
    ['whose offsets do not grow', '000000000000000a00000001000000000000000b00000001', 9],
  ])('refuses a file %s', (_, hex, length) => {
    expect(TimeIndex.decode(Buffer.from(hex, 'hex'), segmentBase, segmentBase + length)).toBeUndefined();
  });
});
