import fc from 'fast-check';
import { placeReplicas } from './replica-placement.ts';

describe('replica placement', () => {
  it('spreads partitions over brokers', () => {
    const empty = new Map([
      [1, 0],
      [2, 0],
      [3, 0],
    ]);

    expect(placeReplicas(6, 1, empty)).toEqual([[1], [2], [3], [1], [2], [3]]);
  });

  it('prefers brokers that hold less', () => {
    expect(
      placeReplicas(
        3,
        1,
        new Map([
          [1, 5],
          [2, 0],
          [3, 1],
        ]),
      ),
    ).toEqual([[2], [2], [3]]);
  });

  it('refuses more replicas than brokers', () => {
    expect(() => placeReplicas(1, 2, new Map([[1, 0]]))).toThrow(RangeError);
  });

  it('is balanced, and never puts a partition on a broker twice', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 5 }),
        fc.uniqueArray(fc.nat(9), { minLength: 5, maxLength: 10 }),
        (partitions, replicas, brokers) => {
          const placed = placeReplicas(partitions, replicas, new Map(brokers.map((nodeId) => [nodeId, 0])));

          expect(placed).toHaveLength(partitions);
          for (const each of placed) expect(new Set(each).size).toBe(replicas);
          const held = brokers.map((nodeId) => placed.flat().filter((other) => other === nodeId).length);
          expect(Math.max(...held) - Math.min(...held)).toBeLessThanOrEqual(1);
        },
      ),
    );
  });
});
