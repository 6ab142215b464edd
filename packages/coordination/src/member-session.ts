import { hasCode, type World } from '@millrace/runtime';
import { assignmentNode, type MemberNode, subscriptionTo } from './group-nodes.ts';
import { changesOf } from './group-rules.ts';
import type { Assignor, Claim, JoinOptions } from './groups.ts';
import { MemberContext } from './member-context.ts';
import { type Share, shareKey, sharesOf } from './next-assignment.ts';
import type { Ownership } from './ownership.ts';
import { PartitionWork, type WorkHost } from './partition-work.ts';
import { paths } from './paths.ts';
import { Rebalancer } from './rebalancer.ts';
import { registerMember } from './register-member.ts';
import type { Registry } from './registry.ts';
import { revoke } from './revocation.ts';

/** The options with their defaults filled in. */
export interface MemberOptions extends JoinOptions {
  assignor: Assignor;
  revokeTimeoutMs: number;
}

/** One membership for as long as one session lasts: follows the assignment, and takes part in making it. */
export class MemberSession {
  readonly #context: MemberContext;
  readonly #options: MemberOptions;
  readonly #onClaims: () => void;
  readonly #works = new Map<string, PartitionWork>();
  readonly #ownerships = new WeakMap<Claim, Ownership>();
  /** Aborts when the member leaves: what it was given from then on does not count. */
  readonly #following = new AbortController();
  #generation = 0;
  #assigned = false;
  #left: Promise<void> | undefined;

  private constructor(context: MemberContext, options: MemberOptions, onClaims: () => void) {
    this.#context = context;
    this.#options = options;
    this.#onClaims = onClaims;
  }

  /**
   * Registers a new member in this session, which is the membership's from then on; after a failure it is closed.
   * `onClaims` is called when `claims` or `settled` may be another.
   */
  static async register(
    registry: Registry,
    options: MemberOptions,
    world: World,
    onClaims: () => void,
    signal: AbortSignal,
  ): Promise<MemberSession> {
    try {
      const node: MemberNode = {
        subscription: subscriptionTo(options.topics),
        revokeTimeoutMs: options.revokeTimeoutMs,
      };
      const { memberId, created } = await registerMember(registry, options.group, node, world, signal);
      const context = new MemberContext(registry, options.group, memberId, world);
      const session = new MemberSession(context, options, onClaims);
      session.#start(created);
      return session;
    } catch (error) {
      await registry.close();
      throw error;
    }
  }

  get memberId(): string {
    return this.#context.memberId;
  }

  /** All that may be handed out. */
  get claims(): Claim[] {
    const ownerships = [...this.#works.values()].flatMap(({ ownership }) => ownership ?? []);
    const claims = ownerships.filter(({ held }) => held).map(({ claim }) => claim);
    return claims.sort((a, b) => compare(a.topic, b.topic) || a.partition - b.partition);
  }

  /** Whether an assignment was seen, and of it everything is claimed that nobody else has to release first. */
  get settled(): boolean {
    return this.#assigned && [...this.#works.values()].every(({ settled }) => settled);
  }

  ownershipOf(claim: Claim): Ownership | undefined {
    return this.#ownerships.get(claim);
  }

  holds(claim: Claim): boolean {
    return this.#context.registry.state !== 'expired' && this.#ownerships.get(claim)?.held === true;
  }

  /** Resolves when the session is over and nothing of it goes on; rejects when something broke. */
  async finished(): Promise<void> {
    const { registry, world } = this.#context;
    await this.#context.whenOver();
    try {
      // First, so that calls which are not answered any more end.
      await registry.close();
    } catch (error) {
      world.logger.warn({ err: error }, 'a session could not be closed; the registry will end it');
    }
    await this.#context.finished();
  }

  /**
   * Releases everything and goes (rule 16). What the registry does not answer in time is left to the end of the
   * session. Idempotent; never rejects.
   */
  leave(): Promise<void> {
    this.#left ??= this.#leave();
    return this.#left;
  }

  async #leave(): Promise<void> {
    const { world, registry, group, memberId } = this.#context;
    this.#following.abort();
    const giveUpMs = this.#options.revokeTimeoutMs + leaveMarginMs;
    const giveUp = world.clock.after(giveUpMs, () => this.#context.end());
    this.#letGo([...this.#works.values()]);
    try {
      await Promise.race([this.#allReleased(), this.#context.whenOver()]);
      if (registry.state === 'connected') await registry.delete(paths.member(group, memberId));
    } catch (error) {
      if (!hasCode(error, 'SESSION_EXPIRED')) {
        world.logger.warn({ err: error }, 'a member could not leave in order');
      }
    } finally {
      giveUp.cancel();
      this.#context.end();
    }
  }

  #start(created: number): void {
    const context = this.#context;
    const signal = this.#following.signal;
    const rebalancer = new Rebalancer(context, created, this.#options.assignor, signal);
    context.over.addEventListener('abort', () => this.#dropAll(), { once: true });
    context.run(() => this.#followState());
    context.run(() => this.#followAssignment(signal));
    context.run(() => rebalancer.run());
    context.run(() => rebalancer.standIn());
  }

  async #followState(): Promise<void> {
    const { registry, over } = this.#context;
    let wasUnsure = false;
    for await (const state of registry.states(over)) {
      if (state === 'expired') break;
      if (state === 'connected' && wasUnsure) this.#checkAll();
      wasUnsure = state === 'unsure';
    }
    this.#context.end();
  }

  /** Rule 14: after doubt about the session, each partition is looked at before anything is written. */
  #checkAll(): void {
    for (const { ownership } of this.#works.values()) {
      if (ownership !== undefined) this.#context.run(() => ownership.check());
    }
  }

  async #followAssignment(signal: AbortSignal): Promise<void> {
    const { registry, group } = this.#context;
    for await (const _ of registry.watch(paths.assignment(group), signal)) await this.#readAssignment();
  }

  async #readAssignment(): Promise<void> {
    const { group, memberId, world } = this.#context;
    const path = paths.assignment(group);
    const found = await this.#context.get(path);
    if (found === undefined || this.#following.signal.aborted) return;
    let assignment: ReturnType<typeof assignmentNode.decode>;
    try {
      assignment = assignmentNode.decode(found.data, path);
    } catch (error) {
      world.logger.error({ err: error }, 'the assignment of the group is unreadable');
      return;
    }
    if (assignment.generation <= this.#generation) return;
    const shares = sharesOf(assignment, memberId);
    const overlooked = shares === undefined && this.#assigned;
    this.#generation = assignment.generation;
    this.#assigned ||= shares !== undefined;
    this.#adopt(shares ?? []);
    if (overlooked) await this.#checkMembership();
  }

  /** Someone who counts the members did not see me. If my node was removed by hand, only a new session brings me back. */
  async #checkMembership(): Promise<void> {
    const { group, memberId } = this.#context;
    const node = await this.#context.get(paths.member(group, memberId));
    if (node?.owned !== true) this.#context.end();
  }

  /** Rule 6: what stays runs on; what left is released while what is new is claimed. */
  #adopt(shares: readonly Share[]): void {
    const wanted = new Map(shares.map((share) => [shareKey(share), share]));
    const present = [...this.#works].filter(([, work]) => work.wanted).map(([key]) => key);
    const { release, claim } = changesOf(new Set(wanted.keys()), new Set(present));

    this.#letGo(release.flatMap((key) => this.#works.get(key) ?? []));
    for (const key of claim) {
      const share = wanted.get(key);
      if (share !== undefined) this.#workOn(key, share).want();
    }
    for (const work of this.#works.values()) work.lookAgain();
    this.#onClaims();
  }

  #workOn(key: string, share: Share): PartitionWork {
    let work = this.#works.get(key);
    if (work === undefined) {
      const made: PartitionWork = new PartitionWork(
        this.#context,
        share,
        this.#hostOf(key, () => made),
      );
      this.#works.set(key, made);
      work = made;
    }
    return work;
  }

  #hostOf(key: string, workOf: () => PartitionWork): WorkHost {
    return {
      generation: () => this.#generation,
      readAssignment: () => this.#readAssignment(),
      onChange: () => {
        const { ownership } = workOf();
        if (ownership !== undefined) this.#ownerships.set(ownership.claim, ownership);
        this.#onClaims();
      },
      onIdle: () => {
        this.#works.delete(key);
        this.#onClaims();
      },
    };
  }

  #letGo(works: readonly PartitionWork[]): void {
    const held = works.map(({ ownership }) => (ownership?.held === true ? ownership.claim : undefined));
    for (const { ownership } of works) ownership?.stop();
    // Each by itself: a record that takes long holds up its own partition, and no other (KAFKA-832).
    for (const [index, work] of works.entries()) {
      const claim = held[index];
      const processed =
        claim === undefined
          ? Promise.resolve(undefined)
          : revoke([claim], this.#options, this.#context.world).then(([offset]) => offset);
      work.letGo(processed);
    }
    if (works.length > 0) this.#onClaims();
  }

  async #allReleased(): Promise<void> {
    await Promise.all([...this.#works.values()].map((work) => work.idle));
  }

  /** The session is over. */
  #dropAll(): void {
    this.#following.abort();
    for (const work of this.#works.values()) work.drop();
    this.#onClaims();
  }
}

/** How much longer than its handlers a leaving member waits for the registry. */
const leaveMarginMs = 5000;

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
