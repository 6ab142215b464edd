import fc from 'fast-check';
import { rangeAssignor } from './assignors/range.ts';
import type { AssignmentNode } from './group-nodes.ts';
import type { Assignor } from './groups.ts';
import { nextAssignment, partitionsAssigned, shareKey, sharesOf, topicsOf } from './next-assignment.ts';

const orders = { name: 'orders', id: 'o1', partitions: 4 };
const payments = { name: 'payments', id: 'p1', partitions: 1 };

describe('nextAssignment', () => {
  it('begins with generation 1', () => {
    expect(next(undefined, ['a', 'b'], [orders])).toEqual({
      generation: 1,
      topics: { orders: 'o1' },
      members: { a: { orders: [0, 1] }, b: { orders: [2, 3] } },
      cause: 'the group began',
      by: 'a',
      at: 1_000,
      history: [],
    });
  });

  it('is none when nothing changed, in whatever order things come', () => {
    const current = next(undefined, ['a', 'b'], [orders, payments]);

    expect(next(current, ['b', 'a'], [payments, orders])).toBeUndefined();
  });

  it.each([
    ['a member that came', ['a', 'b', 'c'], [orders], 'joined: c'],
    ['a member that went', ['a'], [orders], 'left: b'],
    ['a member that came and one that went', ['a', 'c'], [orders], 'joined: c; left: b'],
    ['a topic that came', ['a', 'b'], [orders, payments], 'topics: payments'],
    ['a topic that went', ['a', 'b'], [], 'topics: orders'],
    ['more partitions', ['a', 'b'], [{ ...orders, partitions: 5 }], 'topics: orders'],
    ['a topic made anew', ['a', 'b'], [{ ...orders, id: 'o2' }], 'topics: orders'],
  ])('counts on for %s, and says so', (_, members, topics, cause) => {
    const current = next(undefined, ['a', 'b'], [orders]);

    expect(next(current, members, topics)).toMatchObject({ generation: 2, cause });
  });

  it('names at most five of those that came', () => {
    const current = next(undefined, ['a'], [orders]);

    const many = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];

    expect(next(current, many, [orders])?.cause).toBe('joined: b, c, d, e, f and 2 more');
  });

  it('tells the assignor who had what, but not of a topic made anew', () => {
    const current = next(undefined, ['a', 'b'], [orders, payments]);
    let told: unknown;
    const spy: Assignor = (members, partitions, previous) => {
      told = [...previous];
      return rangeAssignor(members, partitions, previous);
    };

    next(current, ['a'], [orders, { ...payments, id: 'p2' }], spy);

    const had = (...numbers: number[]) => numbers.map((partition) => ({ topic: 'orders', partition }));
    expect(told).toEqual([
      ['a', had(0, 1)],
      ['b', had(2, 3)],
    ]);
  });

  it.each<[string, Assignor]>([
    ['twice', (members, partitions) => new Map(members.map(({ id }) => [id, [...partitions]]))],
    ['to nobody known', (_, partitions) => new Map([['stranger', [...partitions]]])],
    ['that does not exist', () => new Map([['a', [{ topic: 'orders', partition: 99 }]]])],
  ])('refuses an assignor that gives a partition %s', (_, assignor) => {
    expect(() => next(undefined, ['a', 'b'], [orders], assignor)).toThrow(TypeError);
  });

  it('gives back to each member, by its shares, what the assignor gave', () => {
    const counts = fc.record({ members: fc.integer({ min: 1, max: 6 }), partitions: fc.nat({ max: 20 }) });
    fc.assert(
      fc.property(counts, ({ members, partitions }) => {
        const ids = Array.from({ length: members }, (_, index) => `m${index}`);

        const assignment = next(undefined, ids, [{ ...orders, partitions }]);

        const keys = ids.flatMap((id) => ((assignment && sharesOf(assignment, id)) ?? []).map(shareKey));
        expect(keys.sort()).toEqual(Array.from({ length: partitions }, (_, n) => `o1-${n}`).sort());
        expect(partitionsAssigned(assignment, 'orders')).toBe(partitions);
      }),
    );
  });
});

describe('topicsOf', () => {
  it('takes names as they are, also of topics that are not there yet', () => {
    expect(topicsOf({ topics: ['a', 'later'] }, ['a', 'b'])).toEqual(['a', 'later']);
  });

  it('remembers the last assignments, the newest last', () => {
    let current: AssignmentNode | undefined;
    for (let count = 1; count <= 12; count += 1) {
      const members = Array.from({ length: count }, (_, n) => `m${n}`);
      current = next(current, members, [orders]) ?? current;
    }

    expect(current?.history?.map(({ generation }) => generation)).toEqual([3, 4, 5, 6, 7, 8, 9, 10, 11]);
    expect(current?.history?.at(-1)).toEqual({ generation: 11, cause: 'joined: m10', by: 'a', at: 1_000 });
  });

  it('takes topics that brokers keep for themselves by name only', () => {
    const existing = ['orders', '__consumer_offsets'];

    expect(topicsOf({ pattern: '.*', flags: '' }, existing)).toEqual(['orders']);
    expect(topicsOf({ topics: ['__consumer_offsets'] }, existing)).toEqual(['__consumer_offsets']);
  });

  it('takes what matches a pattern of what is there', () => {
    expect(topicsOf({ pattern: '^LOG', flags: 'i' }, ['log.web', 'catalog', 'Log'])).toEqual([
      'log.web',
      'Log',
    ]);
  });
});

function next(
  current: AssignmentNode | undefined,
  members: readonly string[],
  topics: readonly (typeof orders)[],
  assignor: Assignor = rangeAssignor,
): AssignmentNode | undefined {
  const names = topics.map(({ name }) => name);
  const subscribers = members.map((id) => ({ id, topics: names }));
  return nextAssignment(current, subscribers, topics, assignor, { by: 'a', at: 1_000 });
}
