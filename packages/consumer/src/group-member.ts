import type { Claim, GroupBackend, GroupMembership } from '@millrace/coordination';
import type { Offset } from '@millrace/record';
import type { World } from '@millrace/runtime';
import { AssignedPartition } from './assigned-partition.ts';
import { type Assignment, leastFed, notHeld } from './assignment.ts';
import type { GroupOptions } from './config.ts';
import { consumerError } from './errors.ts';
import type { Wake } from './wake.ts';

/** What a membership needs of its consumer. */
export interface GroupMemberHost {
  readonly assignment: Assignment;
  /** Wakes who waits for partitions to come, or for their records to be done. */
  readonly changed: Wake;
  readonly isClosed: boolean;
  /** How many streams share the partitions. */
  readonly streams: number;
  /** Where a partition begins of which nothing was committed. */
  beginningOf(claim: Claim, signal: AbortSignal): Promise<Offset>;
  /** The first assignment was claimed. */
  joined(claims: readonly Claim[]): void;
  /** Whether a record of this partition is being worked on. */
  isInHand(partition: AssignedPartition): boolean;
  /** Partitions came. */
  pump(): void;
  failed(error: Error): void;
}

/** Commit everything below. */
interface Done {
  readonly partition: AssignedPartition;
  readonly offset: Offset;
}

/** A consumer's place in its group: claims come in and become partitions, what was processed goes out. */
export class GroupMember {
  readonly #host: GroupMemberHost;
  readonly #autoCommits: boolean;
  readonly #world: World;
  /** Claims whose beginning is being looked for. */
  readonly #beginning = new Set<Claim>();
  #membership: GroupMembership | undefined;
  #left: Promise<void> | undefined;

  private constructor(host: GroupMemberHost, autoCommits: boolean, world: World) {
    this.#host = host;
    this.#autoCommits = autoCommits;
    this.#world = world;
  }

  static async join(
    backend: GroupBackend,
    options: GroupOptions & { topics: readonly string[] | RegExp },
    host: GroupMemberHost,
    world: World,
  ): Promise<GroupMember> {
    const { group, topics, assignor } = options;
    const member = new GroupMember(host, options.autoCommitMs !== false, world);
    const membership = await backend.join({
      group,
      topics,
      ...(assignor === undefined ? {} : { assignor }),
      onRevoke: (claims, deadline) => member.#revoke(claims, deadline),
    });
    member.#membership = membership;
    void member.#follow(membership);
    return member;
  }

  /** Whether records of this claim may be handed out at this moment. */
  holds(claim: Claim): boolean {
    return this.#membership?.holds(claim) === true;
  }

  /**
   * Commits up to the given offsets. NOT_ASSIGNED when one of them is held by another now; REQUEST_TIMED_OUT when it is
   * not known whether one was taken: the next commit covers it.
   */
  async commit(done: readonly Done[]): Promise<void> {
    const due = done.filter(({ partition, offset }) => partition.isLost || partition.committed !== offset);
    const { fenced, unknown } = await this.#commit(due);
    if (fenced.length > 0) throw notHeld(namesOf(fenced));
    if (unknown.length === 0) return;
    const message = `it is not known whether the commit of ${namesOf(unknown)} was taken`;
    throw consumerError('REQUEST_TIMED_OUT', message, { retriable: true, hint: 'commit again later' });
  }

  /** Commits what was done; what another holds by now is none of our business. REQUEST_TIMED_OUT as above. */
  async commitProcessed(): Promise<void> {
    const { current } = this.#host.assignment;
    const due = current.filter(({ isUncommitted }) => isUncommitted);
    const { unknown } = await this.#commit(
      due.map((partition) => ({ partition, offset: partition.processed })),
    );
    if (unknown.length > 0)
      throw consumerError('REQUEST_TIMED_OUT', `no word on the commit of ${namesOf(unknown)}`, {
        retriable: true,
      });
  }

  leave(): Promise<void> {
    this.#left ??= this.#membership?.leave() ?? Promise.resolve();
    return this.#left;
  }

  async #commit(due: readonly Done[]): Promise<{
    readonly fenced: readonly AssignedPartition[];
    readonly unknown: readonly AssignedPartition[];
  }> {
    const fenced: AssignedPartition[] = [];
    const unknown: AssignedPartition[] = [];
    if (due.length === 0 || this.#membership === undefined) return { fenced, unknown };
    const claimed = due.map(({ partition, offset }) => ({ claim: partition.claim as Claim, offset }));
    const outcomes = await this.#membership.commit(claimed);
    for (const [index, { partition, offset }] of due.entries()) {
      if (outcomes[index] === 'committed') partition.committed = offset;
      else if (outcomes[index] === 'fenced') fenced.push(partition);
      else unknown.push(partition);
    }
    for (const partition of fenced) partition.lose();
    return { fenced, unknown };
  }

  async #follow(membership: GroupMembership): Promise<void> {
    try {
      let isFirst = true;
      for await (const claims of membership.claims) {
        this.#claimed(claims);
        if (isFirst) this.#host.joined(claims);
        isFirst = false;
      }
    } catch (error) {
      this.#world.logger.warn({ error: String(error) }, 'a consumer lost its group');
      this.#host.failed(error as Error);
    }
  }

  /** These are held now, and no others. One whose beginning cannot be found yet holds up none of the others. */
  #claimed(claims: readonly Claim[]): void {
    const { assignment, changed } = this.#host;
    const { current } = assignment;
    assignment.drop(current.filter(({ claim }) => claim === undefined || !claims.includes(claim)));
    const known = new Set(current.map(({ claim }) => claim));
    for (const claim of claims) if (!known.has(claim) && !this.#beginning.has(claim)) void this.#begin(claim);
    changed.all();
  }

  async #begin(claim: Claim): Promise<void> {
    const { assignment, changed } = this.#host;
    this.#beginning.add(claim);
    try {
      const offset = claim.offset ?? (await this.#host.beginningOf(claim, claim.lost));
      if (claim.lost.aborted || this.#host.isClosed) return;
      const partition = new AssignedPartition(claim, offset, claim);
      partition.stream = leastFed(this.#host.streams, assignment.current);
      claim.lost.addEventListener('abort', () => changed.all(), { once: true });
      assignment.add([partition]);
      this.#host.pump();
    } catch (error) {
      if (!claim.lost.aborted && !this.#host.isClosed) this.#host.failed(error as Error);
    } finally {
      this.#beginning.delete(claim);
    }
  }

  /** Gives partitions back once what is in hand is done, or the time is over; until then it may be committed. */
  async #revoke(claims: readonly Claim[], deadline: AbortSignal): Promise<readonly (Offset | undefined)[]> {
    const { assignment } = this.#host;
    const partitions = claims.map((claim) => assignment.ofClaim(claim));
    const mine = partitions.filter((partition) => partition !== undefined);
    assignment.leave(mine);
    await this.#done(mine, deadline);
    assignment.drop(mine);
    // Without automatic commits only what the caller committed counts (KAFKA-919), also what is on its way.
    return partitions.map((partition) => (this.#autoCommits ? partition?.processed : undefined));
  }

  async #done(partitions: readonly AssignedPartition[], deadline: AbortSignal): Promise<void> {
    const { changed } = this.#host;
    const over = new Promise<void>((resolve) => {
      deadline.addEventListener('abort', () => resolve(), { once: true });
    });
    while (partitions.some((partition) => this.#host.isInHand(partition))) {
      if (deadline.aborted || this.#host.isClosed) return;
      await Promise.race([changed.next(), over]);
    }
  }
}

function namesOf(partitions: readonly AssignedPartition[]): string {
  return partitions.map(({ name }) => name).join(', ');
}
