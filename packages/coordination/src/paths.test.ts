import fc from 'fast-check';
import { paths } from './paths.ts';
import { checkNodePath } from './registry-path.ts';

describe('paths', () => {
  it('lie where they always lay', () => {
    expect([
      paths.broker(1),
      paths.topic('orders'),
      paths.partition('id', 2),
      paths.deletedTopic('id'),
      paths.member('g', 'm'),
      paths.assignment('g'),
      paths.offset('g', 'id', 3),
    ]).toEqual([
      '/brokers/1',
      '/topics/orders',
      '/partitions/id/2',
      '/deleted-topics/id',
      '/groups/g/members/m',
      '/groups/g/assignment',
      '/groups/g/offsets/id-3',
    ]);
  });

  it('of groups can be used, and differ, for any two group ids', () => {
    const groupId = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(groupId, groupId, (one, other) => {
        expect(() => checkNodePath(paths.assignment(one))).not.toThrow();
        expect(paths.assignment(one).split('/')).toHaveLength(4);
        expect(paths.assignment(one) === paths.assignment(other)).toBe(one === other);
      }),
    );
  });

  it.each(['.', '..', '../x', 'a/b', 'a%2Fb', '\0'])('of the group %j stay below /groups', (group) => {
    expect(() => checkNodePath(paths.members(group))).not.toThrow();
    expect(paths.members(group)).toMatch(/^\/groups\/[^/]+\/members$/);
  });

  it.each([
    ['nothing', ''],
    ['too much', 'x'.repeat(201)],
    ['half a character', '\ud800'],
  ])('of a group are refused for %s', (_, group) => {
    expect(() => paths.members(group)).toThrow(expect.objectContaining({ code: 'INVALID_GROUP' }));
  });
});
