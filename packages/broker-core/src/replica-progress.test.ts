import fc from 'fast-check';
import { highWatermark } from './replica-progress.ts';

describe('high watermark', () => {
  it('is the mark of a leader without followers', () => {
    expect(highWatermark(3, 7, [])).toBe(7);
  });

  it('stays while a follower in sync has not been heard of', () => {
    expect(highWatermark(3, 7, [{ flushedOffset: undefined }, { flushedOffset: 9 }])).toBe(3);
  });

  it('is the least offset over all in-sync replicas, and never goes back', () => {
    const offset = fc.nat(1_000);
    fc.assert(
      fc.property(
        offset,
        offset,
        fc.array(fc.record({ flushedOffset: offset })),
        (previous, mark, followers) => {
          const least = Math.min(mark, ...followers.map(({ flushedOffset }) => flushedOffset));

          expect(highWatermark(previous, mark, followers)).toBe(Math.max(previous, least));
        },
      ),
    );
  });
});
