import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Assignor, Member, TopicPartition } from '../groups.ts';

/** What every assignor does, as properties over any group. */
export function assignorLaws(suite: {
  /** jest's, vitest's or node:test's. */
  readonly test: (name: string, run: () => void) => void;
  readonly assignor: Assignor;
}): void {
  const { test, assignor } = suite;
  const law = (name: string, holds: (group: Group) => void, groups = anyGroup): void => {
    test(name, () => fc.assert(fc.property(groups, holds)));
  };

  law('gives every partition of a subscribed topic to exactly one of its subscribers', (group) => {
    const owners = ownersOf(assign(assignor, group));
    for (const partition of group.partitions) {
      const subscribers = group.members.filter(({ topics }) => topics.includes(partition.topic));
      const given = owners.get(nameOf(partition)) ?? [];
      assert.equal(given.length, subscribers.length === 0 ? 0 : 1);
      assert.ok(subscribers.length === 0 || subscribers.some(({ id }) => id === given[0]));
    }
  });
  law('names every member and no partition that is not there', (group) => {
    const assignment = assign(assignor, group);
    const there = new Set(group.partitions.map(nameOf));
    assert.deepEqual([...assignment.keys()].sort(), group.members.map(({ id }) => id).sort());
    assert.ok([...assignment.values()].flat().every((partition) => there.has(nameOf(partition))));
  });
  law(
    'gives no subscriber of a single topic over one more than another',
    oneTopicIsBalanced(assignor),
    ofOneTopic,
  );
  law('answers the same to the same question', (group) => {
    assert.deepEqual(canonical(assign(assignor, group)), canonical(assign(assignor, group)));
  });
  law('does not depend on the order of members and partitions', (group) => {
    const turned = {
      ...group,
      members: group.members.toReversed(),
      partitions: group.partitions.toReversed(),
    };
    assert.deepEqual(canonical(assign(assignor, turned)), canonical(assign(assignor, group)));
  });
  law('leaves what it was given as it was', (group) => {
    const before = JSON.stringify([group.members, group.partitions, [...group.previous]]);
    assign(assignor, group);
    assert.equal(JSON.stringify([group.members, group.partitions, [...group.previous]]), before);
  });
}

interface Group {
  readonly members: readonly Member[];
  readonly partitions: readonly TopicPartition[];
  readonly previous: ReadonlyMap<string, readonly TopicPartition[]>;
}

const memberIds = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'aa', 'B', '10', '9'), {
  maxLength: 7,
});
const topicNames = ['orders', 'Payments', 'log.web', 't_4'];

function groupsOver(topics: readonly string[], subscriptions: fc.Arbitrary<string[]>): fc.Arbitrary<Group> {
  const counts = fc.tuple(...topics.map(() => fc.nat({ max: 12 })));
  return fc.tuple(memberIds, counts).chain(([ids, sizes]) => {
    const partitions = topics.flatMap((topic, index) =>
      Array.from({ length: sizes[index] ?? 0 }, (_, partition) => ({ topic, partition })),
    );
    const members = fc.tuple(...ids.map((id) => subscriptions.map((wanted) => ({ id, topics: wanted }))));
    // What some members, of whom not all are there, had before.
    const owners = fc.array(fc.constantFrom('gone', ...ids), {
      minLength: partitions.length,
      maxLength: partitions.length,
    });
    return fc.tuple(members, owners).map(([some, had]) => {
      const previous = new Map<string, TopicPartition[]>();
      for (const [index, partition] of partitions.entries()) {
        const owner = had[index] ?? 'gone';
        previous.set(owner, [...(previous.get(owner) ?? []), partition]);
      }
      return { members: some, partitions, previous };
    });
  });
}

const anyGroup = groupsOver(topicNames, fc.subarray(topicNames));
const ofOneTopic = groupsOver(['orders'], fc.constant(['orders']));

function oneTopicIsBalanced(assignor: Assignor): (group: Group) => void {
  return (group) => {
    const counts = [...assign(assignor, group).values()].map(({ length }) => length);
    assert.ok(counts.length === 0 || Math.max(...counts) - Math.min(...counts) <= 1);
  };
}

function assign(assignor: Assignor, { members, partitions, previous }: Group): Map<string, TopicPartition[]> {
  return assignor(members, partitions, previous);
}

function ownersOf(assignment: ReadonlyMap<string, readonly TopicPartition[]>): Map<string, string[]> {
  const owners = new Map<string, string[]>();
  for (const [id, partitions] of assignment) {
    for (const name of partitions.map(nameOf)) owners.set(name, [...(owners.get(name) ?? []), id]);
  }
  return owners;
}

function canonical(assignment: ReadonlyMap<string, readonly TopicPartition[]>): [string, string[]][] {
  return [...assignment]
    .map(([id, partitions]): [string, string[]] => [id, partitions.map(nameOf).sort()])
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}-${partition}`;
}
