import { shareOut } from './assignors/share-out.ts';
import type { AssignmentNode, PastAssignment, Subscription } from './group-nodes.ts';
import type { Assignor, Member, TopicPartition } from './groups.ts';
import { topicsLike } from './topics-like.ts';

/** A partition that an assignment gives to a member. */
export interface Share extends TopicPartition {
  readonly topicId: string;
}

/** A topic as it counts for an assignment. */
export interface AssignedTopic {
  readonly name: string;
  readonly id: string;
  readonly partitions: number;
}

/** Names a share for as long as its topic is the same, also when another topic gets its name. */
export function shareKey({ topicId, partition }: Share): string {
  return `${topicId}-${partition}`;
}

/** What the assignment gives to a member; undefined when it does not know the member. */
export function sharesOf(assignment: AssignmentNode, memberId: string): Share[] | undefined {
  const shares = assignment.members[memberId];
  if (shares === undefined) return undefined;
  return Object.entries(shares).flatMap(([topic, partitions]) => {
    const topicId = assignment.topics[topic];
    return topicId === undefined ? [] : partitions.map((partition) => ({ topic, topicId, partition }));
  });
}

/** How many partitions an assignment knew of a topic. */
export function partitionsAssigned(assignment: AssignmentNode | undefined, topic: string): number {
  const counts = Object.values(assignment?.members ?? {}).map((shares) => shares[topic]?.length ?? 0);
  return counts.reduce((sum, count) => sum + count, 0);
}

/** The topics that a member wants. */
export function topicsOf(subscription: Subscription, existing: readonly string[]): readonly string[] {
  if ('topics' in subscription) return subscription.topics;
  return topicsLike(new RegExp(subscription.pattern, subscription.flags), existing);
}

/**
 * The assignment that should be, given who and what is there; undefined when the current one gives everybody the same
 * already. Pure. TypeError when the assignor breaks its contract.
 */
export function nextAssignment(
  current: AssignmentNode | undefined,
  members: readonly Member[],
  topics: readonly AssignedTopic[],
  assignor: Assignor,
  { by, at }: { readonly by: string; readonly at: number },
): AssignmentNode | undefined {
  const partitions = topics.flatMap(({ name, partitions: count }) =>
    Array.from({ length: count }, (_, partition) => ({ topic: name, partition })),
  );
  const ids = Object.fromEntries(topics.map(({ name, id }) => [name, id]));
  const shares = shareOut(assignor, members, partitions, previousShares(current, ids));

  const next = {
    topics: ids,
    members: Object.fromEntries(members.map(({ id }) => [id, byTopic(shares.get(id) ?? [])])),
  };
  if (current !== undefined && sameShares(current, next)) return undefined;
  return {
    generation: (current?.generation ?? 0) + 1,
    ...next,
    cause: causeOf(current, next),
    by,
    at,
    history: current === undefined ? [] : historyBehind(current),
  };
}

/** How many assignments are remembered beside the current one. */
const historyLength = 9;

function historyBehind({ generation, cause, by, at, history = [] }: AssignmentNode): PastAssignment[] {
  const past = { generation, cause, by, ...(at === undefined ? {} : { at }) };
  return [...history, past].slice(-historyLength);
}

type Shares = Pick<AssignmentNode, 'topics' | 'members'>;

function previousShares(
  current: AssignmentNode | undefined,
  ids: { readonly [name: string]: string },
): Map<string, TopicPartition[]> {
  const previous = new Map<string, TopicPartition[]>();
  for (const memberId of Object.keys(current?.members ?? {})) {
    const shares = (current && sharesOf(current, memberId)) ?? [];
    const same = shares.filter(({ topic, topicId }) => ids[topic] === topicId);
    previous.set(
      memberId,
      same.map(({ topic, partition }) => ({ topic, partition })),
    );
  }
  return previous;
}

function byTopic(partitions: readonly TopicPartition[]): { [topic: string]: number[] } {
  const topics = new Map<string, number[]>();
  for (const { topic, partition } of partitions) {
    topics.set(topic, [...(topics.get(topic) ?? []), partition]);
  }
  for (const numbers of topics.values()) numbers.sort((a, b) => a - b);
  return Object.fromEntries(topics);
}

function sameShares(a: Shares, b: Shares): boolean {
  return canonical(a) === canonical(b);
}

/** Text that is equal for equal shares, in whatever order their names come. */
function canonical({ topics, members }: Shares): string {
  const inOrder = <Value>(object: { readonly [name: string]: Value }): [string, Value][] =>
    Object.entries(object).sort(([x], [y]) => (x < y ? -1 : 1));
  return JSON.stringify([
    inOrder(topics),
    inOrder(members).map(([id, shares]) => [
      id,
      inOrder(shares).map(([topic, numbers]) => [topic, sorted(numbers)]),
    ]),
  ]);
}

function sorted(numbers: readonly number[]): number[] {
  return [...numbers].sort((a, b) => a - b);
}

function causeOf(current: Shares | undefined, next: Shares): string {
  if (current === undefined) return 'the group began';
  const causes = [
    listed('joined', absentIn(next.members, current.members)),
    listed('left', absentIn(current.members, next.members)),
    listed('topics', changedTopics(current, next)),
  ].filter((cause) => cause !== '');
  return causes.length === 0 ? 'another assignor' : causes.join('; ');
}

function absentIn(names: object, other: object): string[] {
  return Object.keys(names).filter((name) => !Object.hasOwn(other, name));
}

function changedTopics(current: Shares, next: Shares): string[] {
  const names = new Set([...Object.keys(current.topics), ...Object.keys(next.topics)]);
  return [...names].filter(
    (name) => current.topics[name] !== next.topics[name] || countOf(current, name) !== countOf(next, name),
  );
}

function countOf({ members }: Shares, topic: string): number {
  return Object.values(members).reduce((sum, shares) => sum + (shares[topic]?.length ?? 0), 0);
}

function listed(what: string, names: readonly string[]): string {
  if (names.length === 0) return '';
  const shown = names.slice(0, 5).join(', ');
  return `${what}: ${shown}${names.length > 5 ? ` and ${names.length - 5} more` : ''}`;
}
