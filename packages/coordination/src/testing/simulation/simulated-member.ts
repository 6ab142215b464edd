import { hasCode, type World } from '@millrace/runtime';
import type { Claim, GroupMembership } from '../../groups.ts';
import type { MemoryRegistry } from '../../memory-registry.ts';
import { shareKey } from '../../next-assignment.ts';
import type { Registry } from '../../registry.ts';
import { registryGroups } from '../../registry-groups.ts';
import type { GroupChecker } from './group-checker.ts';
import { clockInside, ProcessGate } from './process-gate.ts';
import { type Link, UnreliableSession } from './unreliable-session.ts';

/** Changes what a member sees of its registry: how a rule is broken on purpose. */
export type Mutation = (session: Registry, registry: MemoryRegistry) => Registry;

/** One process with one member: hands out records, commits, is stopped and goes on, loses its session. */
export class SimulatedMember {
  readonly name: string;
  readonly gate = new ProcessGate();
  readonly link: Link;
  readonly #world: World;
  readonly #registry: MemoryRegistry;
  readonly #checker: GroupChecker;
  readonly #mutation: Mutation;
  readonly #positions = new WeakMap<Claim, number>();
  #claims: readonly Claim[] = [];
  #session: UnreliableSession | undefined;
  #membership: GroupMembership | undefined;
  #life: Promise<void> | undefined;

  constructor(
    name: string,
    registry: MemoryRegistry,
    checker: GroupChecker,
    world: World,
    mutation: Mutation = (session) => session,
  ) {
    this.name = name;
    this.#registry = registry;
    this.#checker = checker;
    this.#mutation = mutation;
    this.link = { clock: world.clock, random: world.random, gate: this.gate, delayMs: 20, lossOneIn: 0 };
    this.#world = { ...world, clock: clockInside(world.clock, this.gate) };
  }

  get running(): boolean {
    return this.#life !== undefined;
  }

  get claims(): readonly Claim[] {
    return this.#claims;
  }

  get membership(): GroupMembership | undefined {
    return this.#membership;
  }

  get session(): UnreliableSession | undefined {
    return this.#session;
  }

  /** Whether the registry still counts it as there. */
  get alive(): boolean {
    return this.#session?.inner.state === 'connected';
  }

  start(group: string, topics: readonly string[] | RegExp): void {
    this.#life = this.#live(group, topics).finally(() => {
      this.#life = undefined;
      this.#membership = undefined;
      this.#claims = [];
    });
  }

  /** Leaves, when it has joined; resolves when it is gone. */
  async leave(): Promise<void> {
    this.#membership?.leave().catch((error: unknown) => this.#broke(error));
    await this.#life;
  }

  /** Hands out one record of each partition that it holds. */
  work(): void {
    if (this.gate.paused) return;
    for (const claim of this.#claims) {
      if (this.#membership?.holds(claim) !== true) continue;
      const position = this.#positions.get(claim) ?? 0;
      this.#checker.processed(keyOf(claim), position);
      this.#positions.set(claim, position + 1);
    }
  }

  commit(): void {
    const { membership } = this;
    if (this.gate.paused || membership === undefined) return;
    const memberId = membership.memberId;
    const processed = this.#claims.map((claim) => ({ claim, offset: this.#positions.get(claim) ?? 0 }));
    membership.commit(processed).then(
      (outcomes) => {
        for (const [index, { claim, offset }] of processed.entries()) {
          if (outcomes[index] !== 'committed') continue;
          this.#checker.wasToldCommitted(keyOf(claim), memberId, claim.claim, offset);
        }
      },
      (error: unknown) => this.#broke(error),
    );
  }

  async #live(group: string, topics: readonly string[] | RegExp): Promise<void> {
    const open = async (): Promise<Registry> => {
      this.#session = new UnreliableSession(this.#registry.session(), this.link);
      return this.#mutation(this.#session, this.#registry);
    };
    try {
      this.#membership = await registryGroups(open, this.#world).join({
        group,
        topics,
        onRevoke: async (claims) => claims.map((claim) => this.#positions.get(claim)),
      });
      for await (const claims of this.#membership.claims) this.#show(claims);
    } catch (error) {
      this.#broke(error);
    }
  }

  #show(claims: readonly Claim[]): void {
    this.#claims = claims;
    for (const claim of claims) {
      if (!this.#positions.has(claim)) this.#positions.set(claim, claim.offset ?? 0);
    }
  }

  /** A session may expire while it joins; anything else is a bug. */
  #broke(error: unknown): void {
    if (hasCode(error, 'SESSION_EXPIRED')) return;
    this.#checker.violated(`${this.name} broke: ${error instanceof Error ? error.stack : String(error)}`);
  }
}

/** Topics of the simulation have their name as id. */
export function keyOf(claim: Claim): string {
  return shareKey({ ...claim, topicId: claim.topic });
}
