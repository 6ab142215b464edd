import type { Cluster } from '@millrace/client';
import {
  type Claim,
  type CommitOutcome,
  type GroupMembership,
  type JoinOptions,
  Pulse,
  revoke,
} from '@millrace/coordination';
import type { Offset } from '@millrace/record';
import type { World } from '@millrace/runtime';
import { Admission, type AdmissionOptions, type Entered } from './admission.ts';
import { CoordinatorLink } from './coordinator-link.ts';
import { Generation } from './generation.ts';
import { untilTopicsChange } from './group-topics.ts';
import { Heartbeat } from './heartbeat.ts';

export type MembershipOptions = AdmissionOptions & Pick<JoinOptions, 'onRevoke'>;

/** A coordinator that does not hear a goodbye finds out when the session is over. */
const goodbyeMs = 2_000;

/**
 * A member of a classic group: joins, holds what it is given until the group rebalances, gives back everything, joins again.
 * What befalls the coordinator on the way is tried again; what no other attempt changes ends the claims with an error.
 */
export class CoordinatorMembership implements GroupMembership {
  readonly claims: AsyncIterable<readonly Claim[]>;
  readonly #options: MembershipOptions;
  readonly #world: World;
  readonly #link: CoordinatorLink;
  readonly #admission: Admission;
  readonly #leaving = new AbortController();
  readonly #changes: Pulse<readonly Claim[]>;
  #generation: Generation | undefined;
  #heartbeat: Heartbeat | undefined;
  #running: Promise<void> = Promise.resolve();
  #goodbye: Promise<void> | undefined;
  #left: Promise<void> | undefined;
  #failure: Error | undefined;

  private constructor(cluster: Cluster, options: MembershipOptions, world: World) {
    this.#options = options;
    this.#world = world;
    this.#link = new CoordinatorLink(cluster, options.group, world);
    this.#admission = new Admission(cluster, this.#link, options, world, this.#leaving.signal);
    this.#changes = new Pulse<readonly Claim[]>(() => this.#generation?.claims ?? []);
    this.claims = { [Symbol.asyncIterator]: () => this.#claimSets() };
  }

  /** Resolves once the coordinator knows the member. */
  static async join(
    cluster: Cluster,
    options: MembershipOptions,
    world: World,
  ): Promise<CoordinatorMembership> {
    const membership = new CoordinatorMembership(cluster, options, world);
    try {
      await membership.#admission.knock();
    } catch (error) {
      await membership.#link.close();
      throw error;
    }
    membership.#running = membership.#run();
    return membership;
  }

  get memberId(): string {
    return this.#admission.memberId;
  }

  async commit(processed: readonly { claim: Claim; offset: Offset }[]): Promise<readonly CommitOutcome[]> {
    for (const { claim, offset } of processed) {
      if (Number.isSafeInteger(offset) && offset >= 0) continue;
      throw new RangeError(`${offset} is no offset of ${claim.topic}-${claim.partition}`);
    }
    return this.#generation?.commit(processed) ?? processed.map(() => 'fenced');
  }

  holds(claim: Claim): boolean {
    return this.#generation?.holds(claim) === true && this.#heartbeat?.isAlive === true;
  }

  leave(): Promise<void> {
    this.#left ??= this.#leave();
    return this.#left;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.leave();
  }

  async #leave(): Promise<void> {
    this.#leaving.abort();
    // Who holds something gives it back first; who waits for an answer has nothing more to wait for.
    if (this.#generation === undefined) await this.#sayGoodbye();
    await this.#running;
  }

  async #run(): Promise<void> {
    try {
      while (!this.#leaving.signal.aborted) await this.#takePart(await this.#admission.enter());
    } catch (error) {
      if (!this.#leaving.signal.aborted) this.#fail(error);
    } finally {
      await this.#sayGoodbye();
      this.#changes.end();
    }
  }

  #fail(error: unknown): void {
    this.#failure = error as Error;
    this.#world.logger.error({ err: error, group: this.#options.group }, 'a membership broke');
  }

  /** One generation, until everything is given back or lost. */
  async #takePart(entered: Entered): Promise<void> {
    const over = new AbortController();
    const heartbeat = this.#startHeartbeat(entered, over);
    this.#heartbeat = heartbeat;
    const ends = AbortSignal.any([over.signal, this.#leaving.signal]);
    try {
      const shares = await this.#admission.committed(entered.assigned, ends);
      if (shares === undefined || ends.aborted) return;
      const generation = new Generation(entered.identity, shares, this.#link, this.#world);
      this.#generation = generation;
      this.#changes.notify();
      await this.#untilOver(generation, entered, ends);
      await this.#giveBack(generation);
    } finally {
      heartbeat.stop();
    }
  }

  #startHeartbeat({ identity, askedAt }: Entered, over: AbortController): Heartbeat {
    const { group, sessionTimeoutMs } = this.#options;
    return new Heartbeat(
      { link: this.#link, identity, heardAt: askedAt },
      sessionTimeoutMs,
      {
        onRebalance: () => over.abort(),
        onLost: (reason) => {
          this.#world.logger.warn({ group, reason }, 'the group goes on without this member');
          if (reason === 'UNKNOWN_MEMBER_ID') this.#admission.forgotten();
          this.#generation?.end();
          over.abort();
        },
      },
      this.#world,
    );
  }

  /** Until the group rebalances, the member is lost or leaves, or there are other topics to share out. */
  async #untilOver(generation: Generation, { leads, view }: Entered, ends: AbortSignal): Promise<void> {
    const done = new AbortController();
    const signal = AbortSignal.any([ends, generation.over, done.signal]);
    const over = aborted(signal);
    const waiting = [over];
    if (leads || this.#options.topics instanceof RegExp) {
      const look = () => this.#admission.look([...view.counts.keys()], signal);
      waiting.push(untilTopicsChange(view, look, this.#world, signal).catch(() => over));
    }
    await Promise.race(waiting);
    done.abort();
  }

  /** Lets what is in hand be done, commits it and gives everything back; what is lost meanwhile is lost at once. */
  async #giveBack(generation: Generation): Promise<void> {
    const { claims } = generation;
    generation.stop();
    if (!generation.over.aborted && claims.length > 0) {
      const lost = aborted(generation.over).then(() => undefined);
      const offsets = await Promise.race([revoke(claims, this.#options, this.#world), lost]);
      const processed = claims.flatMap((claim, at) => {
        const offset = offsets?.[at];
        return offset === undefined ? [] : [{ claim, offset }];
      });
      if (processed.length > 0) await this.#commitLast(generation, processed);
    }
    generation.end();
    this.#admission.had = claims.map(({ topic, partition }) => ({ topic, partition }));
    this.#generation = undefined;
    this.#changes.notify();
  }

  async #commitLast(
    generation: Generation,
    processed: readonly { claim: Claim; offset: Offset }[],
  ): Promise<void> {
    try {
      const outcomes = await generation.commit(processed);
      if (outcomes.every((outcome) => outcome === 'committed')) return;
    } catch (error) {
      this.#world.logger.error({ err: error, group: this.#options.group }, 'a commit was refused');
    }
    const { group } = this.#options;
    this.#world.logger.warn(
      { group },
      'not all that was done is known to be committed: it may be seen again',
    );
  }

  /** Idempotent; nothing can be asked from then on. */
  #sayGoodbye(): Promise<void> {
    this.#goodbye ??= this.#leaveGroup();
    return this.#goodbye;
  }

  async #leaveGroup(): Promise<void> {
    const enough = new AbortController();
    const { memberId } = this.#admission;
    if (memberId !== '') {
      const goodbye = { groupId: this.#options.group, members: [{ memberId }] };
      const said = this.#link.call('leaveGroup', goodbye).catch(() => {});
      await Promise.race([said, this.#world.clock.sleep(goodbyeMs, enough.signal).catch(() => {})]);
    }
    enough.abort();
    await this.#link.close();
  }

  /** A reader who breaks off may come back; only the end of the membership ends the claims. */
  async *#claimSets(): AsyncGenerator<readonly Claim[], void, undefined> {
    for (;;) {
      const { done, value } = await this.#changes.next();
      if (done) break;
      yield value;
    }
    if (this.#failure !== undefined) throw this.#failure;
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
