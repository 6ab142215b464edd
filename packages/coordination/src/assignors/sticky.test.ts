import fc from 'fast-check';
import type { Member, TopicPartition } from '../groups.ts';
import { assignorLaws } from '../testing/assignor-laws.ts';
import { stickyAssignor } from './sticky.ts';

const topics = ['orders', 'payments'];
const partitionsOf = (size: number): TopicPartition[] =>
  topics.flatMap((topic) => Array.from({ length: size }, (_, partition) => ({ topic, partition })));
const membersOf = (count: number): Member[] =>
  Array.from({ length: count }, (_, at) => ({ id: `c${at}`, topics }));

type Assignment = ReadonlyMap<string, readonly TopicPartition[]>;
const ownersIn = (assignment: Assignment): Map<string, string> =>
  new Map(
    [...assignment].flatMap(([id, owned]) =>
      owned.map(({ topic, partition }): [string, string] => [`${topic}-${partition}`, id]),
    ),
  );
/** Partitions that another member has than before; those that nobody had do not count. */
function moved(before: Assignment, after: Assignment): number {
  const now = ownersIn(after);
  return [...ownersIn(before)].filter(([name, id]) => now.get(name) !== id).length;
}
const spread = (assignment: Assignment): number => {
  const counts = [...assignment.values()].map(({ length }) => length);
  return Math.max(...counts) - Math.min(...counts);
};

const sizes = fc.integer({ min: 0, max: 15 });
const groups = fc.integer({ min: 2, max: 8 });

describe('stickyAssignor', () => {
  assignorLaws({ test: it, assignor: stickyAssignor });

  it('gives members who subscribe to the same as many as the others or one more, over all topics', () => {
    fc.assert(
      fc.property(sizes, groups, (size, count) => {
        expect(spread(stickyAssignor(membersOf(count), partitionsOf(size), new Map()))).toBeLessThanOrEqual(
          1,
        );
      }),
    );
  });

  it('moves nothing when it is asked again', () => {
    fc.assert(
      fc.property(sizes, groups, (size, count) => {
        const first = stickyAssignor(membersOf(count), partitionsOf(size), new Map());

        expect(moved(first, stickyAssignor(membersOf(count), partitionsOf(size), first))).toBe(0);
      }),
    );
  });

  it('moves only what the one had who left', () => {
    fc.assert(
      fc.property(sizes, groups, fc.nat(), (size, count, who) => {
        const members = membersOf(count);
        const before = stickyAssignor(members, partitionsOf(size), new Map());
        const gone = members[who % count]?.id ?? '';

        const after = stickyAssignor(
          members.filter(({ id }) => id !== gone),
          partitionsOf(size),
          before,
        );

        expect(moved(before, after)).toBe(before.get(gone)?.length);
        expect(spread(after)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('moves no more than its fair share to the one who joined', () => {
    fc.assert(
      fc.property(sizes, groups, (size, count) => {
        const before = stickyAssignor(membersOf(count), partitionsOf(size), new Map());

        const after = stickyAssignor(membersOf(count + 1), partitionsOf(size), before);

        expect(moved(before, after)).toBe(after.get(`c${count}`)?.length);
        expect(spread(after)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('evens out over several hands where subscriptions differ', () => {
    const members = [
      { id: 'a', topics: ['orders'] },
      { id: 'b', topics: ['orders', 'payments'] },
      { id: 'c', topics: ['payments'] },
    ];
    const partitions = [
      ...[0, 1, 2, 3].map((partition) => ({ topic: 'orders', partition })),
      ...[0, 1].map((partition) => ({ topic: 'payments', partition })),
    ];
    const previous = new Map([
      ['a', partitions.slice(0, 4)],
      ['b', partitions.slice(4)],
    ]);

    const counts = [...stickyAssignor(members, partitions, previous).values()].map(({ length }) => length);

    expect(counts).toEqual([2, 2, 2]);
  });
});
