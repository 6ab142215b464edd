import { hasCode, type Random } from '@millrace/runtime';
import { type TestWorld, testWorld } from '@millrace/runtime/testing';
import { topicNode } from '../../cluster-nodes.ts';
import { offsetNode } from '../../group-nodes.ts';
import { type MemoryRegistry, memoryRegistry } from '../../memory-registry.ts';
import { paths } from '../../paths.ts';
import type { Registry } from '../../registry.ts';
import { GroupChecker, toolName } from './group-checker.ts';
import { keyOf, type Mutation, SimulatedMember } from './simulated-member.ts';

const group = 'group';
const topic = 'orders';
const sessionTimeoutMs = 3000;
const tickMs = 200;
/**
 * Everything is owned this long after the last change: rule 20 with a session that expires at the last moment, three
 * members, nobody who takes long to release, and room for answers that are lost and asked for again.
 */
const settledWithinMs = sessionTimeoutMs + 3 * 2000 + 1000 + 3000;

export interface SimulationOutcome {
  /** undefined: all rules held. */
  readonly violation: string | undefined;
  /** What happened, for people. */
  readonly history: readonly string[];
  readonly changes: number;
}

/**
 * One random schedule, from a seed: three processes that join, leave, stop, go on, lose their connection or their
 * session, while partitions are added and a tool seeks. The members run the real code on a registry in memory.
 */
export async function simulateGroup(seed: number, mutation?: Mutation): Promise<SimulationOutcome> {
  const simulation = new GroupSimulation(seed, mutation);
  await simulation.run();
  const { violation, history } = simulation.checker;
  return { violation, history, changes: history.length };
}

class GroupSimulation {
  readonly checker = new GroupChecker(group);
  readonly #world: TestWorld;
  readonly #random: Random;
  readonly #registry: MemoryRegistry;
  readonly #tool: Registry;
  readonly #members: readonly SimulatedMember[];
  /** When a partition was last sought, which fences an owner who hears of it a moment later. */
  readonly #soughtAtMs = new Map<string, number>();
  #partitions = 2;

  constructor(seed: number, mutation: Mutation | undefined) {
    this.#world = testWorld(seed);
    this.#random = this.#world.random;
    this.#registry = memoryRegistry(this.#world, { journal: this.checker });
    this.#tool = this.#registry.session();
    this.#members = ['one', 'two', 'three'].map(
      (name) => new SimulatedMember(name, this.#registry, this.checker, this.#world, mutation),
    );
  }

  async run(): Promise<void> {
    await this.#tool.create(paths.topic(topic), topicValue(this.#partitions));
    const lossOneIn = this.#random.int(2) === 0 ? 0 : 10 + this.#random.int(20);
    for (const member of this.#members) member.link.lossOneIn = lossOneIn;
    for (let step = 0; step < 16 && this.checker.violation === undefined; step++) {
      await this.#step();
      await this.#pass(this.#random.int(5) === 0 ? sessionTimeoutMs + 1000 : this.#random.int(800));
    }
    await this.#settle();
    await this.#end();
  }

  async #step(): Promise<void> {
    const member = this.#members[this.#random.int(this.#members.length)];
    if (member === undefined) return;
    const kinds: readonly (readonly [string, () => void | Promise<void>])[] = [
      ['starts', () => this.#start(member)],
      ['starts', () => this.#start(member)],
      ['starts', () => this.#start(member)],
      ['expires', () => member.session?.inner.expire()],
      ['stops', () => this.#stop(member)],
      ['goes on', () => member.gate.resume()],
      ['is disconnected', () => this.#disconnect(member)],
      ['leaves', () => this.#leave(member)],
      ['gets more partitions', () => this.#addPartition()],
      ['is sought', () => this.#seek()],
    ];
    const [what, act] = kinds[this.#random.int(kinds.length)] ?? ['rests', () => {}];
    this.checker.note(`${this.#world.clock.monotonic()} ms: ${member.name} ${what}`);
    await act();
  }

  #start(member: SimulatedMember): void {
    if (member.running || member.gate.paused) return;
    member.start(group, this.#random.int(2) === 0 ? [topic] : /^ord/g);
  }

  /** As SIGSTOP does: the registry ends the session when the process does not go on in time. */
  #stop(member: SimulatedMember): void {
    member.gate.pause();
    const { session } = member;
    this.#world.clock.after(sessionTimeoutMs, () => {
      if (member.gate.paused) session?.inner.expire();
    });
  }

  #disconnect(member: SimulatedMember): void {
    const { session } = member;
    session?.disconnect();
    this.#world.clock.after(this.#random.int(3000), () => session?.reconnect());
  }

  #leave(member: SimulatedMember): void {
    member
      .leave()
      .catch((error: unknown) => this.checker.violated(`${member.name} left with ${String(error)}`));
  }

  async #addPartition(): Promise<void> {
    const node = await this.#tool.get(paths.topic(topic));
    if (node === undefined || this.#partitions === 5) return;
    this.#partitions += 1;
    await this.#tool.set(paths.topic(topic), topicValue(this.#partitions), node);
  }

  /** Rule 17, always forward, so that offsets that go back show. */
  async #seek(): Promise<void> {
    const partition = this.#random.int(this.#partitions);
    const path = paths.offset(group, topic, partition);
    const found = await this.#tool.get(path);
    if (found === undefined) return;
    const { owner: _, ...node } = offsetNode.decode(found.data, path);
    const sought = { ...node, claim: node.claim + 1, offset: (node.offset ?? 0) + 1000, writer: toolName };
    this.#soughtAtMs.set(`${topic}-${partition}`, this.#world.clock.monotonic());
    try {
      await this.#tool.set(path, offsetNode.encode(sought), found);
    } catch (error) {
      if (!hasCode(error, 'VERSION_MISMATCH')) throw error;
    }
  }

  async #pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms && this.checker.violation === undefined; passed += tickMs) {
      await this.#world.clock.advance(tickMs);
      for (const member of this.#members) {
        member.work();
        if (this.#random.int(4) === 0) member.commit();
      }
      this.#checkOwners();
    }
  }

  /** Rule 20: no two members whose sessions live hold the same partition. */
  #checkOwners(): void {
    const owners = new Map<string, string>();
    for (const member of this.#members.filter(({ alive }) => alive)) {
      for (const claim of member.claims) {
        if (member.membership?.holds(claim) !== true) continue;
        const key = keyOf(claim);
        const other = owners.get(key);
        const sinceSoughtMs = this.#world.clock.monotonic() - (this.#soughtAtMs.get(key) ?? -Infinity);
        if (other !== undefined && sinceSoughtMs > sessionTimeoutMs) {
          this.checker.violated(`rule 20: ${other} and ${member.name} both hold ${key}`);
        }
        owners.set(key, member.name);
      }
    }
  }

  async #settle(): Promise<void> {
    for (const member of this.#members) {
      member.gate.resume();
      member.session?.reconnect();
      member.link.lossOneIn = 0;
    }
    this.checker.note('from here on nothing happens from outside');
    await this.#pass(settledWithinMs);
    if (this.checker.violation !== undefined || !this.#members.some(({ running }) => running)) return;
    const held = this.#members.flatMap(({ claims, membership }) =>
      claims.filter((claim) => membership?.holds(claim)).map(keyOf),
    );
    const all = Array.from({ length: this.#partitions }, (_, partition) => `${topic}-${partition}`);
    if (held.sort().join() !== all.join()) {
      this.checker.violated(`rule 20: owned in the end are ${held.join()} and not ${all.join()}`);
    }
  }

  async #end(): Promise<void> {
    const leaving = Promise.all(this.#members.map((member) => member.leave()));
    let left = false;
    const watching = leaving.then(() => {
      left = true;
    });
    for (let waited = 0; waited < 60 && !left; waited++) await this.#world.clock.advance(1000);
    if (!left) this.checker.violated('rule 16: a member does not get to leave');
    else await watching;
    if (left && this.checker.liveMembers.size > 0) this.checker.violated('rule 16: a member stayed behind');
  }
}

function topicValue(partitions: number): Uint8Array {
  const replicas = Array.from({ length: partitions }, () => [1]);
  return topicNode.encode({ id: topic, name: topic, replicas, config: {}, writer: toolName });
}
