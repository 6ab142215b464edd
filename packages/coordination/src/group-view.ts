import { topicNode } from './cluster-nodes.ts';
import { type AssignmentNode, assignmentNode, type MemberNode, memberNode } from './group-nodes.ts';
import type { MemberContext } from './member-context.ts';
import { type AssignedTopic, partitionsAssigned, topicsOf } from './next-assignment.ts';
import { paths } from './paths.ts';

/** A member as this one read it. Ids are never used again and nodes never change, so this stays true. */
interface KnownMember {
  readonly created: number;
  /** undefined: what it wants cannot be read. */
  readonly node: MemberNode | undefined;
}

/** The assignment as it was read; `version` undefined: there is none. */
export interface ReadAssignment {
  readonly assignment: AssignmentNode | undefined;
  readonly version: number | undefined;
}

/** Other names are no part of a path: whoever asks for one gets nothing, and the others do not suffer for it. */
const canBeTopic = /^(?!\.{1,2}$)[\w.-]+$/;

/** What a member reads of its group when it takes part in the assignment: who is there, who came first, which topics. */
export class GroupView {
  readonly #context: MemberContext;
  readonly #created: number;
  readonly #known = new Map<string, KnownMember>();

  /** `created`: of my own member node. */
  constructor(context: MemberContext, created: number) {
    this.#context = context;
    this.#created = created;
  }

  /** Some member that was there before me; undefined: I am the first. */
  async findSenior(): Promise<string | undefined> {
    for (const id of await this.#others()) {
      const member = await this.#member(id);
      if (member !== undefined && member.created < this.#created) return id;
    }
    return undefined;
  }

  /** Whether I am the only member. */
  async isAlone(): Promise<boolean> {
    return (await this.#others()).length === 0;
  }

  /** How many members were there before me. */
  async rank(): Promise<number> {
    let rank = 0;
    for (const id of await this.#others()) {
      const member = await this.#member(id);
      if (member !== undefined && member.created < this.#created) rank += 1;
    }
    return rank;
  }

  /** Whether the assignment is for other members than there are. */
  async isStale(): Promise<boolean> {
    const { group } = this.#context;
    const current = await this.readAssignment();
    if (current === 'unreadable') return false;
    const ids = await this.#context.children(paths.members(group));
    const assigned = Object.keys(current.assignment?.members ?? {}).sort();
    return JSON.stringify(assigned) !== JSON.stringify(ids);
  }

  async readAssignment(): Promise<ReadAssignment | 'unreadable'> {
    const path = paths.assignment(this.#context.group);
    const found = await this.#context.get(path);
    if (found === undefined) return { assignment: undefined, version: undefined };
    try {
      return { assignment: assignmentNode.decode(found.data, path), version: found.version };
    } catch (error) {
      // Generations must not go back, so nothing is written over one that cannot be read.
      this.#context.world.logger.error({ err: error }, 'the assignment of the group is unreadable');
      return 'unreadable';
    }
  }

  /** Topics that somebody wants and that exist, with the paths to watch for another answer. */
  async topics(
    members: ReadonlyMap<string, MemberNode | undefined>,
    current: AssignmentNode | undefined,
  ): Promise<{ topics: AssignedTopic[]; watched: string[] }> {
    const subscriptions = [...members.values()].flatMap((node) => node?.subscription ?? []);
    const byPattern = subscriptions.some((subscription) => 'pattern' in subscription);
    const existing = byPattern ? await this.#context.children(paths.topics) : [];
    const wanted = subscriptions.flatMap((subscription) => topicsOf(subscription, existing));
    const names = new Set(wanted.filter((name) => canBeTopic.test(name)));
    const topics: AssignedTopic[] = [];
    for (const name of [...names].sort()) {
      const topic = await this.#topic(name, current);
      if (topic !== undefined) topics.push(topic);
    }
    const watched = [...names].map((name) => paths.topic(name));
    return { topics, watched: byPattern ? [paths.topics, ...watched] : watched };
  }

  /** undefined when there is no such topic, or no longer. One that cannot be read counts as it was. */
  async #topic(name: string, current: AssignmentNode | undefined): Promise<AssignedTopic | undefined> {
    const path = paths.topic(name);
    const found = await this.#context.get(path);
    if (found === undefined) return undefined;
    try {
      const { id, replicas, deleted } = topicNode.decode(found.data, path);
      return deleted ? undefined : { name, id, partitions: replicas.length };
    } catch (error) {
      this.#context.world.logger.error({ err: error }, 'a topic of the group is unreadable');
      const id = current?.topics[name];
      return id === undefined ? undefined : { name, id, partitions: partitionsAssigned(current, name) };
    }
  }

  async members(): Promise<Map<string, MemberNode | undefined>> {
    const { group } = this.#context;
    const ids = await this.#context.children(paths.members(group));
    for (const id of this.#known.keys()) if (!ids.includes(id)) this.#known.delete(id);
    const members = new Map<string, MemberNode | undefined>();
    for (const id of ids) {
      const member = await this.#member(id);
      if (member !== undefined) members.set(id, member.node);
    }
    return members;
  }

  async #member(id: string): Promise<KnownMember | undefined> {
    const known = this.#known.get(id);
    if (known !== undefined) return known;
    const path = paths.member(this.#context.group, id);
    const found = await this.#context.get(path);
    if (found === undefined) return undefined;
    const member = { created: found.created, node: this.#decodedMember(found.data, path) };
    this.#known.set(id, member);
    return member;
  }

  #decodedMember(data: Uint8Array, path: string): MemberNode | undefined {
    try {
      return memberNode.decode(data, path);
    } catch (error) {
      this.#context.world.logger.warn({ err: error }, 'a member of the group is unreadable and gets nothing');
      return undefined;
    }
  }

  async #others(): Promise<string[]> {
    const ids = await this.#context.children(paths.members(this.#context.group));
    return ids.filter((id) => id !== this.#context.memberId);
  }
}
