import fc from 'fast-check';
import { assignorLaws } from '../testing/assignor-laws.ts';
import { roundRobinAssignor } from './round-robin.ts';

describe('roundRobinAssignor', () => {
  assignorLaws({ test: it, assignor: roundRobinAssignor });

  it('deals over all topics together, so that many small topics do not all go to the first member', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 8 });
    const count = fc.integer({ min: 1, max: 6 });
    fc.assert(
      fc.property(sizes, count, (partitionsOf, members) => {
        const topics = partitionsOf.map((_, at) => `t${at}`);
        const partitions = partitionsOf.flatMap((size, at) =>
          Array.from({ length: size }, (_, partition) => ({ topic: `t${at}`, partition })),
        );
        const group = Array.from({ length: members }, (_, at) => ({ id: `c${at}`, topics }));

        const shares = [...roundRobinAssignor(group, partitions, new Map()).values()];

        const counts = shares.map(({ length }) => length);
        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('passes over who did not subscribe', () => {
    const members = [
      { id: 'a', topics: ['orders', 'payments'] },
      { id: 'b', topics: ['payments'] },
    ];
    const partitions = ['orders', 'payments'].flatMap((topic) =>
      [0, 1].map((partition) => ({ topic, partition })),
    );

    const assignment = roundRobinAssignor(members, partitions, new Map());

    expect(assignment.get('a')).toHaveLength(3);
    expect(assignment.get('b')).toEqual([{ topic: 'payments', partition: 0 }]);
  });
});
