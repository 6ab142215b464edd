import type { Offset } from '@millrace/record';
import { hasCode } from '@millrace/runtime';
import { topicNode } from './cluster-nodes.ts';
import { registryError } from './errors.ts';
import { isClassicGroup } from './group-kind.ts';
import {
  type AssignmentNode,
  assignmentNode,
  type MemberNode,
  memberNode,
  offsetNode,
  type PastAssignment,
} from './group-nodes.ts';
import type { TopicPartition } from './groups.ts';
import { sharesOf, topicsOf } from './next-assignment.ts';
import { decodePart, paths } from './paths.ts';
import type { Registry } from './registry.ts';

/** A group as it lies in the registry, for those who look at it from outside. */
export interface GroupDescription {
  readonly group: string;
  /** Counts the assignments; 0 before the first. */
  readonly generation: number;
  /** The last assignments and what caused each, the newest first. */
  readonly history: readonly PastAssignment[];
  /** Ids of those who are there, sorted. */
  readonly members: readonly string[];
  /** The assignment is for just these members and for the topics that they want as they are now. */
  readonly isAssigned: boolean;
  /** What the assignment shares out, in order. */
  readonly partitions: readonly GroupPartition[];
}

export interface GroupPartition extends TopicPartition {
  /** Who is to have it. */
  readonly member: string;
  /** Who has it; undefined while it changes hands. */
  readonly owner: string | undefined;
  /** The next record to read, as committed; undefined: nothing was committed. */
  readonly committed: Offset | undefined;
}

/** Groups that are there, or have been and keep offsets; sorted. Those of Kafka's clients are their coordinators' to tell. */
export async function listGroups(registry: Registry): Promise<string[]> {
  const names = (await registry.children(paths.groups)).map(decodePart);
  const isClassic = await Promise.all(names.map((name) => isClassicGroup(registry, name)));
  return names.filter((_, at) => isClassic[at] === false).sort();
}

/** One that nobody knows has no members and no partitions. BAD_NODE, INVALID_GROUP. */
export async function describeGroup(registry: Registry, group: string): Promise<GroupDescription> {
  const assignment = await read(registry, paths.assignment(group), assignmentNode);
  const members = await readMembers(registry, group);
  return {
    group,
    generation: assignment?.generation ?? 0,
    history: assignment === undefined ? [] : historyOf(assignment),
    members: [...members.keys()],
    isAssigned: await isAssigned(registry, assignment, members),
    partitions: assignment === undefined ? [] : await readPartitions(registry, group, assignment),
  };
}

/** Forgets its offsets and its history. NON_EMPTY_GROUP while it has members. */
export async function deleteGroup(registry: Registry, group: string): Promise<void> {
  const members = await registry.children(paths.members(group));
  if (members.length > 0)
    throw registryError('NON_EMPTY_GROUP', `the group ${group} has ${members.length} members`, {
      hint: 'stop its consumers first',
    });
  const offsets = paths.offsets(group);
  for (const name of await registry.children(offsets)) await remove(registry, `${offsets}/${name}`);
  for (const path of [offsets, paths.assignment(group), paths.members(group), paths.group(group)])
    await remove(registry, path);
}

function historyOf({ generation, cause, by, at, history = [] }: AssignmentNode): PastAssignment[] {
  return [...history, { generation, cause, by, ...(at === undefined ? {} : { at }) }].reverse();
}

async function readMembers(registry: Registry, group: string): Promise<Map<string, MemberNode>> {
  const members = new Map<string, MemberNode>();
  for (const id of await registry.children(paths.members(group))) {
    const member = await read(registry, paths.member(group, id), memberNode);
    if (member !== undefined) members.set(id, member);
  }
  return members;
}

async function isAssigned(
  registry: Registry,
  assignment: AssignmentNode | undefined,
  members: ReadonlyMap<string, MemberNode>,
): Promise<boolean> {
  const known = Object.keys(assignment?.members ?? {});
  if (known.length !== members.size || known.some((id) => !members.has(id))) return false;
  const existing = await existingTopics(registry);
  const wanted = new Set(
    [...members.values()].flatMap(({ subscription }) => topicsOf(subscription, [...existing.keys()])),
  );
  return [...existing].every(([name, id]) => !wanted.has(name) || assignment?.topics[name] === id);
}

/** Name → id. */
async function existingTopics(registry: Registry): Promise<Map<string, string>> {
  const topics = new Map<string, string>();
  for (const name of await registry.children(paths.topics)) {
    const topic = await read(registry, paths.topic(name), topicNode);
    if (topic !== undefined && !topic.deleted) topics.set(name, topic.id);
  }
  return topics;
}

async function readPartitions(
  registry: Registry,
  group: string,
  assignment: AssignmentNode,
): Promise<GroupPartition[]> {
  const partitions: GroupPartition[] = [];
  for (const member of Object.keys(assignment.members).sort()) {
    for (const { topic, topicId, partition } of sharesOf(assignment, member) ?? []) {
      const node = await read(registry, paths.offset(group, topicId, partition), offsetNode);
      partitions.push({ topic, partition, member, owner: node?.owner, committed: node?.offset });
    }
  }
  return partitions.sort(
    (one, other) => one.topic.localeCompare(other.topic) || one.partition - other.partition,
  );
}

async function read<Value>(
  registry: Registry,
  path: string,
  format: { decode(data: Uint8Array, path: string): Value },
): Promise<Value | undefined> {
  const node = await registry.get(path);
  return node === undefined ? undefined : format.decode(node.data, path);
}

/** Also when another was faster. */
async function remove(registry: Registry, path: string): Promise<void> {
  try {
    await registry.delete(path);
  } catch (error) {
    if (!hasCode(error, 'NODE_MISSING')) throw error;
  }
}
