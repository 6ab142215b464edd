import { assignorLaws } from '../testing/assignor-laws.ts';
import { rangeAssignor } from './range.ts';

describe('rangeAssignor', () => {
  assignorLaws({ test: it, assignor: rangeAssignor });

  it('cuts each topic into runs, the first members getting the one more', () => {
    const members = ['c2', 'c1', 'c3'].map((id) => ({ id, topics: ['orders', 'payments'] }));
    const partitions = [...partitionsOf('orders', 5), ...partitionsOf('payments', 5)];

    const assignment = rangeAssignor(members, partitions, new Map());

    const ofBoth = (...numbers: number[]) => [...of('orders', numbers), ...of('payments', numbers)];
    expect(assignment.get('c1')).toEqual(ofBoth(0, 1));
    expect(assignment.get('c2')).toEqual(ofBoth(2, 3));
    expect(assignment.get('c3')).toEqual(ofBoth(4));
  });

  it('orders partitions by number, not as text', () => {
    const members = ['a', 'b'].map((id) => ({ id, topics: ['orders'] }));

    const assignment = rangeAssignor(members, partitionsOf('orders', 12).toReversed(), new Map());

    expect(assignment.get('a')).toEqual(of('orders', [0, 1, 2, 3, 4, 5]));
  });

  it('gives nothing to members beyond the number of partitions', () => {
    const members = ['a', 'b', 'c'].map((id) => ({ id, topics: ['orders'] }));

    const assignment = rangeAssignor(members, partitionsOf('orders', 2), new Map());

    expect([...assignment.values()].map(({ length }) => length)).toEqual([1, 1, 0]);
  });
});

function partitionsOf(topic: string, count: number) {
  return of(
    topic,
    Array.from({ length: count }, (_, partition) => partition),
  );
}

function of(topic: string, numbers: number[]) {
  return numbers.map((partition) => ({ topic, partition }));
}
