import type { Offset } from '@millrace/record';
import type { World } from '@millrace/runtime';
import { asError } from './errors.ts';
import type { Claim, CommitOutcome, GroupMembership } from './groups.ts';
import { type MemberOptions, MemberSession } from './member-session.ts';
import { Pulse } from './pulse.ts';
import type { OpenRegistry } from './registry.ts';

const firstReopenMs = 100;
const greatestReopenMs = 10_000;

/**
 * A membership that outlives sessions: when one expires everything is dropped without writing, and a new session joins
 * as a new member (protocols §A, rule 14).
 */
export class Membership implements GroupMembership {
  readonly claims: AsyncIterable<readonly Claim[]>;
  readonly #open: OpenRegistry;
  readonly #options: MemberOptions;
  readonly #world: World;
  readonly #leaving = new AbortController();
  readonly #changes: Pulse<readonly Claim[]>;
  #session: MemberSession | undefined;
  #memberId = '';
  /** What the reader of `claims` saw last. */
  #shown: ReadonlySet<Claim> | undefined;
  #running: Promise<void> = Promise.resolve();
  #left: Promise<void> | undefined;
  #failure: Error | undefined;

  private constructor(open: OpenRegistry, options: MemberOptions, world: World) {
    this.#open = open;
    this.#options = options;
    this.#world = world;
    this.#changes = new Pulse<readonly Claim[]>(() => {
      const claims = this.#session?.claims ?? [];
      this.#shown = new Set(claims);
      return claims;
    });
    this.claims = { [Symbol.asyncIterator]: () => this.#claimSets() };
  }

  /** Resolves once the member is registered. */
  static async join(open: OpenRegistry, options: MemberOptions, world: World): Promise<Membership> {
    const membership = new Membership(open, options, world);
    const session = await membership.#openSession();
    membership.#running = membership.#run(session);
    return membership;
  }

  get memberId(): string {
    return this.#memberId;
  }

  async commit(processed: readonly { claim: Claim; offset: Offset }[]): Promise<readonly CommitOutcome[]> {
    for (const { claim, offset } of processed) {
      if (Number.isSafeInteger(offset) && offset >= 0) continue;
      throw new RangeError(`${offset} is no offset of ${claim.topic}-${claim.partition}`);
    }
    return Promise.all(
      processed.map(
        async ({ claim, offset }) => this.#session?.ownershipOf(claim)?.commit(offset) ?? 'fenced',
      ),
    );
  }

  holds(claim: Claim): boolean {
    return this.#session?.holds(claim) === true;
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
    await this.#session?.leave();
    await this.#running;
  }

  async #run(first: MemberSession): Promise<void> {
    try {
      for (let session: MemberSession | undefined = first; session !== undefined; ) {
        // Someone may have asked to leave while the session was being opened.
        if (this.#leaving.signal.aborted) await session.leave();
        await session.finished();
        this.#session = undefined;
        this.#showClaims();
        session = await this.#reopen();
      }
    } catch (error) {
      this.#failure = asError(error);
      this.#world.logger.error({ err: error, group: this.#options.group }, 'a membership broke');
    } finally {
      this.#session = undefined;
      this.#changes.end();
    }
  }

  async #openSession(): Promise<MemberSession> {
    const registry = await this.#open(this.#leaving.signal);
    const session = await MemberSession.register(
      registry,
      this.#options,
      this.#world,
      () => this.#showClaims(),
      this.#leaving.signal,
    );
    this.#session = session;
    this.#memberId = session.memberId;
    return session;
  }

  /** Tries until there is a session again; undefined when the member leaves meanwhile. */
  async #reopen(): Promise<MemberSession | undefined> {
    const { clock, logger, random } = this.#world;
    const signal = this.#leaving.signal;
    for (let pauseMs = firstReopenMs; !signal.aborted; pauseMs = Math.min(pauseMs * 2, greatestReopenMs)) {
      try {
        return await this.#openSession();
      } catch (error) {
        if (signal.aborted) break;
        logger.warn({ err: error, group: this.#options.group }, 'no new session with the registry yet');
      }
      // Not all at the same moment, when it comes back.
      await clock.sleep(pauseMs / 2 + random.int(pauseMs / 2), signal).catch(() => {});
    }
    return undefined;
  }

  /** Claims gained are shown together, once all that can be had at once are there; claims lost at once. */
  #showClaims(): void {
    const claims = this.#session?.claims ?? [];
    const now = new Set(claims);
    const lost = [...(this.#shown ?? [])].some((claim) => !now.has(claim));
    const gained = this.#shown === undefined || claims.some((claim) => this.#shown?.has(claim) === false);
    if (lost || (gained && this.#session?.settled === true)) this.#changes.notify();
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
