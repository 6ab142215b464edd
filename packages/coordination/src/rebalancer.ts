import { hasCode } from '@millrace/runtime';
import { type AssignmentNode, assignmentNode, type MemberNode } from './group-nodes.ts';
import { quietLeftMs, standInMs } from './group-rules.ts';
import { GroupView } from './group-view.ts';
import type { Assignor } from './groups.ts';
import type { MemberContext } from './member-context.ts';
import { type AssignedTopic, nextAssignment, topicsOf } from './next-assignment.ts';
import { paths } from './paths.ts';
import { Pulse } from './pulse.ts';
import { WatchSet } from './watch-set.ts';

/**
 * A member's part in making the assignment: protocols §A, rules 4, 5 and 18. The leader is the member with the smallest
 * `created`, and only it watches members and topics. Any other watches one that was there before it, whoever that is;
 * when that one goes it looks for another, and who finds none leads from then on. So the end of a leader wakes those
 * that watched it and not the whole group, and each reads a few nodes and not all.
 */
export class Rebalancer {
  readonly #context: MemberContext;
  readonly #view: GroupView;
  readonly #assignor: Assignor;
  readonly #signal: AbortSignal;
  #leads = false;

  /** `created`: of my own member node. */
  constructor(context: MemberContext, created: number, assignor: Assignor, signal: AbortSignal) {
    this.#context = context;
    this.#view = new GroupView(context, created);
    this.#assignor = assignor;
    this.#signal = signal;
  }

  /** Until the signal aborts: waits for the leadership, then leads. */
  async run(): Promise<void> {
    while (!this.#signal.aborted) {
      const senior = await this.#view.findSenior();
      if (senior === undefined) return this.#lead();
      await this.#waitForEndOf(senior);
    }
  }

  /** Does the leader's work when the leader does not: the member of rank r after r × 2 s of a stale assignment. */
  async standIn(): Promise<void> {
    do {
      if (!(await this.#pause(standInMs)) || this.#leads || !(await this.#view.isStale())) return;
      const rank = await this.#view.rank();
      if (rank > 1 && !(await this.#pause((rank - 1) * standInMs))) return;
      if (this.#leads) return;
      if (await this.#view.isStale()) await this.#assign();
    } while (!this.#signal.aborted);
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
        // Who is alone takes nothing from anybody: there is no burst to wait for (docs/decisions/0009).
        if (!(await this.#view.isAlone())) await this.#quiet(() => changes);
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
      const current = await this.#view.readAssignment();
      if (current === 'unreadable') return [];
      const members = await this.#view.members();
      const { topics, watched } = await this.#view.topics(members, current.assignment);
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
      return nextAssignment(current, subscribers, topics, this.#assignor, {
        by: memberId,
        at: world.clock.now(),
      });
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
