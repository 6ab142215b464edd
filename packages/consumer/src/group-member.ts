import type { Claim, GroupBackend, GroupMembership } from '@millrace/coordination';
import type { World } from '@millrace/runtime';
import type { AssignedPartition } from './assigned-partition.ts';
import type { GroupOptions } from './config.ts';
import { consumerError } from './errors.ts';

/** What a membership does to its consumer. */
export interface GroupMemberHost {
  /** These are held now, and no others. */
  claimed(claims: readonly Claim[]): Promise<void>;
  assigned(claim: Claim): AssignedPartition | undefined;
  /** Resolves once nothing of these partitions is being worked on, or the signal aborts. */
  quiet(partitions: readonly AssignedPartition[], deadline: AbortSignal): Promise<void>;
  failed(error: Error): void;
}

/** A consumer's place in its group: claims come in, what was processed goes out. */
export class GroupMember {
  readonly #membership: GroupMembership;
  readonly #world: World;
  #left: Promise<void> | undefined;

  private constructor(membership: GroupMembership, world: World) {
    this.#membership = membership;
    this.#world = world;
  }

  static async join(
    backend: GroupBackend,
    options: GroupOptions & { topics: readonly string[] | RegExp },
    host: GroupMemberHost,
    world: World,
  ): Promise<GroupMember> {
    const { group, topics, assignor } = options;
    const membership = await backend.join({
      group,
      topics,
      ...(assignor === undefined ? {} : { assignor }),
      onRevoke: async (claims, deadline) => {
        const partitions = claims.map((claim) => host.assigned(claim));
        const mine = partitions.filter((partition) => partition !== undefined);
        for (const partition of mine) partition.revoking = true;
        await host.quiet(mine, deadline);
        // Without automatic commits only what the caller committed counts (KAFKA-919).
        return partitions.map((partition) =>
          options.autoCommitMs === false ? partition?.committed : partition?.processed,
        );
      },
    });
    const member = new GroupMember(membership, world);
    void member.#follow(host);
    return member;
  }

  /** Whether records of this claim may be handed out at this moment. */
  holds(claim: Claim): boolean {
    return this.#membership.holds(claim);
  }

  /** Commits up to the given offsets. A claim that is fenced is lost; an unknown outcome is tried again by the next commit. */
  async commit(
    positions: readonly { readonly partition: AssignedPartition; readonly offset: number }[],
  ): Promise<void> {
    const due = positions.flatMap(({ partition, offset }) =>
      partition.claim === undefined || partition.isLost || partition.committed === offset
        ? []
        : [{ partition, claim: partition.claim, offset }],
    );
    if (due.length === 0) return;
    const outcomes = await this.#membership.commit(due.map(({ claim, offset }) => ({ claim, offset })));
    for (const [index, { partition, offset }] of due.entries()) {
      if (outcomes[index] === 'committed') partition.committed = offset;
      else if (outcomes[index] === 'fenced') partition.lose();
    }
    const unknown = due.filter((_, index) => outcomes[index] === 'unknown');
    if (unknown.length === 0) return;
    const names = unknown.map(({ partition }) => partition.name).join(', ');
    throw consumerError('REQUEST_TIMED_OUT', `it is not known whether the commit of ${names} was taken`, {
      retriable: true,
      hint: 'commit again later',
    });
  }

  leave(): Promise<void> {
    this.#left ??= this.#membership.leave();
    return this.#left;
  }

  async #follow(host: GroupMemberHost): Promise<void> {
    try {
      for await (const claims of this.#membership.claims) await host.claimed(claims);
    } catch (error) {
      this.#world.logger.warn({ error: String(error) }, 'a consumer lost its group');
      host.failed(error as Error);
    }
  }
}
