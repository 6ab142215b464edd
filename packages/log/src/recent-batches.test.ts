import fc from 'fast-check';
import { RecentBatches } from './recent-batches.ts';

describe('recent batches', () => {
  it('tell where the last 256 begin, and nothing of those before', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 700 }), (counts) => {
        const recent = new RecentBatches();
        const batches: { baseOffset: number; position: number; next: number }[] = [];
        for (const count of counts) {
          const { next, position } = batches.at(-1) ?? { next: 5, position: 0 };
          const batch = { baseOffset: next, position: position + count * 10, next: next + count };
          recent.add(batch.baseOffset, batch.position);
          batches.push(batch);
        }

        for (const [at, { baseOffset, position, next }] of batches.entries()) {
          const known = at >= batches.length - 256 ? { baseOffset, position } : undefined;
          expect(recent.holding(baseOffset)).toEqual(known);
          expect(recent.holding(next - 1)).toEqual(known);
          expect(recent.floorOfPosition(position + 5)).toEqual(known);
        }
        expect(recent.holding(4)).toBeUndefined();
      }),
      { numRuns: 20 },
    );
  });
});
