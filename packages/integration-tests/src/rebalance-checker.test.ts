import { check } from './rebalance-checker.ts';
import type { Acknowledged, ClaimTold, MemberEvent } from './rebalance-events.ts';

const claimed = (member: string, at: number, ...claims: ClaimTold[]): MemberEvent => ({
  kind: 'claims',
  at,
  member,
  claims,
});
const turn = (claim: number, start = 0, generation = claim): ClaimTold => ({
  partition: 0,
  claim,
  generation,
  start,
});
const handed = (member: string, at: number, claim: number, offset: number): MemberEvent => ({
  kind: 'record',
  at,
  member,
  claim,
  generation: claim,
  partition: 0,
  offset,
  value: `v${offset}`,
});
const acknowledged = (...offsets: number[]): Acknowledged[] =>
  offsets.map((offset) => ({ partition: 0, offset, value: `v${offset}` }));

describe('the checker of a group', () => {
  const first = [claimed('a', 0, turn(1)), handed('a', 1, 1, 0), handed('a', 2, 1, 1)];

  it('finds nothing in a group that hands on what it committed', () => {
    const second = [claimed('b', 3, turn(2, 1)), handed('b', 4, 2, 1), handed('b', 5, 2, 2)];

    expect(check(acknowledged(0, 1, 2), [first, second], [])).toEqual({
      wrong: [],
      delivered: 4,
      repeated: 1,
      late: 0,
    });
  });

  it.each<[string, readonly MemberEvent[], RegExp]>([
    ['a record that nobody was handed', [], /^v2 was acknowledged at 0@2; delivered there: nothing$/],
    [
      'two owners in a generation',
      [claimed('b', 3, turn(2, 2, 1)), handed('b', 4, 2, 2)],
      /two owners in generation 1: a and b/,
    ],
    [
      'two owners of one claim',
      [claimed('b', 3, turn(1, 0, 2)), handed('b', 4, 1, 0), handed('b', 5, 1, 1), handed('b', 6, 1, 2)],
      /two owners in claim 1/,
    ],
    ['a gap', [claimed('b', 3, turn(2, 1)), handed('b', 4, 2, 2)], /b was handed 0@2 where 1 comes next/],
    [
      'a step back',
      [claimed('b', 3, turn(2, 1)), handed('b', 4, 2, 1), handed('b', 5, 2, 2), handed('b', 6, 2, 1)],
      /b was handed 0@1 where 3 comes next/,
    ],
    ['what nobody had claimed', [handed('b', 4, 2, 2)], /0@2 where nothing, without a claim, comes next/],
    [
      'a group that was moved back',
      [claimed('b', 3, turn(2, 2)), handed('b', 4, 2, 2), claimed('c', 5, turn(3, 1))],
      /claim 3 begins at 1, before 2/,
    ],
    [
      'an owner that goes on after another has claimed',
      [claimed('b', 1.5, turn(2, 1)), handed('b', 4, 2, 1), handed('b', 5, 2, 2)],
      /a was handed 0@1 0.5 ms after/,
    ],
  ])('finds %s', (_, second, wrong) => {
    expect(check(acknowledged(0, 1, 2), [first, second], []).wrong).toEqual([expect.stringMatching(wrong)]);
  });

  it('finds another record at the place of one that was acknowledged', () => {
    const other = [{ partition: 0, offset: 1, value: 'lost' }];

    expect(check(other, [first], []).wrong).toEqual(['lost was acknowledged at 0@1; delivered there: v1']);
  });

  it('forgives a member that was stopped what it hands out before it can know, and counts it', () => {
    const second = [claimed('b', 1.5, turn(2, 1)), handed('b', 4, 2, 1)];

    expect(check(acknowledged(0, 1), [first, second], [1.9])).toMatchObject({ wrong: [], late: 1 });
    expect(check(acknowledged(0, 1), [first, second], [1 - 2_000]).wrong).toHaveLength(1);
  });
});
