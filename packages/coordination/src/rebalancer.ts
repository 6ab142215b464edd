import { hasCode } from '@millrace/runtime';
import { topicNode } from './cluster-nodes.ts';
import { type AssignmentNode, assignmentNode, type MemberNode, memberNode } from './group-nodes.ts';
import { quietLeftMs, standInMs } from './group-rules.ts';
import type { Assignor } from './groups.ts';
import type { MemberContext } from './member-context.ts';
import { type AssignedTopic, nextAssignment, partitionsAssigned, topicsOf } from './next-assignment.ts';
import { paths } from './paths.ts';
import { Pulse } from './pulse.ts';
import { WatchSet } from './watch-set.ts';

/** A member as this one read it. Ids are never used again and nodes never change, so this stays true. */
interface KnownMember {
  readonly created: number;
  /** undefined: what it wants cannot be read. */
  readonly node: MemberNode | undefined;
}

/** The assignment as it was read; `version` undefined: there is none. */
interface ReadAssignment {
  readonly assignment: AssignmentNode | undefined;
  readonly version: number | undefined;
}

/**
 * A member's part in making the assignment: protocols §A, rules 4, 5 and 18. The leader is the member with the smallest
 * `created`, and only it watches members and topics. Any other watches one that was there before it, whoever that is;
 * when that one goes it looks for another, and who finds none leads from then on. So the end of a leader wakes those
 * that watched it and not the whole group, and each reads a few nodes and not all.
 */
export class Rebalancer {
  readonly #context: MemberContext;
  readonly #created: number;
  readonly #assignor: Assignor;
  readonly #signal: AbortSignal;
  readonly #known = new Map<string, KnownMember>();
  #leads = false;

  /** `created`: of my own member node. */
  constructor(context: MemberContext, created: number, assignor: Assignor, signal: AbortSignal) {
    this.#context = context;
    this.#created = created;
    this.#assignor = assignor;
    this.#signal = signal;
  }

  /** Until the signal aborts: waits for the leadership, then leads. */
  async run(): Promise<void> {
    while (!this.#signal.aborted) {
      const senior = await this.#findSenior();
      if (senior === undefined) return this.#lead();
      await this.#waitForEndOf(senior);
    }
  }

  /** Does the leader's work when the leader does not: the member of rank r after r × 2 s of a stale assignment. */
  async standIn(): Promise<void> {
    do {
      if (!(await this.#pause(standInMs)) || this.#leads || !(await this.#isStale())) return;
      const rank = await this.#rank();
      if (rank > 1 && !(await this.#pause((rank - 1) * standInMs))) return;
      if (this.#leads) return;
      if (await this.#isStale()) await this.#assign();
    } while (!this.#signal.aborted);
  }

  /** Some member that was there before me; undefined: I am the first. */
  async #findSenior(): Promise<string | undefined> {
    for (const id of await this.#others()) {
      const member = await this.#member(id);
      if (member !== undefined && member.created < this.#created) return id;
    }
    return undefined;
  }

  async #waitForEndOf(memberId: string): Promise<void> {
    const path = paths.member(this.#context.group, memberId);
    for await (const _ of this.#context.registry.watch(path, this.#signal)) {
      if ((await this.#context.get(path)) === undefined) break;
    }
    this.#context.over.throwIfAborted();
    // A dead leader leaves a stale assignment behind; should the next one not see to it, its juniors do, by rank.
    this.#context.run(() => this.standIn());
  }

  async #lead(): Promise<void> {
    this.#leads = true;
    const { group } = this.#context;
    let changes = 0;
    const bell = new Pulse<void>(() => {}, { signal: this.#signal });
    const watches = new WatchSet(this.#context, () => {
      changes += 1;
      bell.notify();
    });
    watches.keep([paths.members(group)]);
    try {
      for await (const _ of bell) {
        await this.#quiet(() => changes);
        if (this.#signal.aborted) return;
        watches.keep([paths.members(group), ...(await this.#assign())]);
      }
    } finally {
      watches.close();
    }
  }

  /** Bursts of changes are answered once: after 100 ms without another, or after a second. */
  async #quiet(changes: () => number): Promise<void> {
    const { clock } = this.#context.world;
    const firstMs = clock.monotonic();
    for (let seen = -1; seen !== changes(); ) {
      seen = changes();
      const leftMs = quietLeftMs(clock.monotonic() - firstMs);
      if (leftMs === 0 || !(await this.#pause(leftMs))) return;
    }
  }

  /** Computes the assignment and writes it if it is another. Returns the paths of topics that it depends on. */
  async #assign(): Promise<string[]> {
    for (;;) {
      // First the assignment: whoever writes in between makes this version void.
      const current = await this.#readAssignment();
      if (current === 'unreadable') return [];
      const members = await this.#members();
      const { topics, watched } = await this.#topics(members, current.assignment);
      const next = this.#compute(current.assignment, members, topics);
      if (next === undefined || (await this.#write(next, current.version))) return watched;
    }
  }

  #compute(
    current: AssignmentNode | undefined,
    members: ReadonlyMap<string, MemberNode | undefined>,
    topics: readonly AssignedTopic[],
  ): AssignmentNode | undefined {
    const { memberId, world, group } = this.#context;
    const names = topics.map(({ name }) => name);
    const subscribers = [...members].map(([id, node]) => {
      const wanted = new Set(node === undefined ? [] : topicsOf(node.subscription, names));
      return { id, topics: names.filter((name) => wanted.has(name)) };
    });
    try {
      return nextAssignment(current, subscribers, topics, this.#assignor, memberId);
    } catch (error) {
      world.logger.error(
        { err: error, group },
        'the assignor of the group failed; the assignment stays as it is',
      );
      return undefined;
    }
  }

  /** Whether it was written; false: look again. */
  async #write(next: AssignmentNode, version: number | undefined): Promise<boolean> {
    const { registry, group, world } = this.#context;
    const path = paths.assignment(group);
    const data = assignmentNode.encode(next);
    try {
      if (version === undefined) await registry.create(path, data);
      else await registry.set(path, data, { version });
    } catch (error) {
      const again = ['VERSION_MISMATCH', 'NODE_EXISTS', 'NODE_MISSING', 'OUTCOME_UNKNOWN'];
      if (again.some((code) => hasCode(error, code))) return false;
      throw error;
    }
    const { generation, cause } = next;
    world.logger.info({ group, generation, cause }, 'the partitions of the group were assigned anew');
    return true;
  }

  async #readAssignment(): Promise<ReadAssignment | 'unreadable'> {
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
  async #topics(
    members: ReadonlyMap<string, MemberNode | undefined>,
    current: AssignmentNode | undefined,
  ): Promise<{ topics: AssignedTopic[]; watched: string[] }> {
    const subscriptions = [...members.values()].flatMap((node) => node?.subscription ?? []);
    const byPattern = subscriptions.some((subscription) => 'pattern' in subscription);
    const existing = byPattern ? await this.#context.children(paths.topics) : [];
    const names = new Set(subscriptions.flatMap((subscription) => topicsOf(subscription, existing)));
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

  async #members(): Promise<Map<string, MemberNode | undefined>> {
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

  /** How many members were there before me. */
  async #rank(): Promise<number> {
    let rank = 0;
    for (const id of await this.#others()) {
      const member = await this.#member(id);
      if (member !== undefined && member.created < this.#created) rank += 1;
    }
    return rank;
  }

  /** Whether the assignment is for other members than there are. */
  async #isStale(): Promise<boolean> {
    const { group } = this.#context;
    const current = await this.#readAssignment();
    if (current === 'unreadable') return false;
    const ids = await this.#context.children(paths.members(group));
    const assigned = Object.keys(current.assignment?.members ?? {}).sort();
    return JSON.stringify(assigned) !== JSON.stringify(ids);
  }

  /** false when the signal aborted meanwhile. */
  async #pause(ms: number): Promise<boolean> {
    if (this.#signal.aborted) return false;
    try {
      await this.#context.sleep(ms, this.#signal);
      return true;
    } catch (error) {
      if (this.#signal.aborted) return false;
      throw error;
    }
  }
}
