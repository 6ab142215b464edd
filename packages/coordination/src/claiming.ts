import { codeOf, hasCode } from '@millrace/runtime';
import { memberNode, type OffsetNode, offsetNode } from './group-nodes.ts';
import { claimed, claimStep, readBack, waitForOwnerMs } from './group-rules.ts';
import type { MemberContext } from './member-context.ts';
import type { Share } from './next-assignment.ts';
import { Ownership } from './ownership.ts';
import { paths } from './paths.ts';
import { Pulse } from './pulse.ts';
import { WatchSet } from './watch-set.ts';

/** What a claim needs to know from the member that makes it. */
export interface ClaimRequest {
  readonly share: Share;
  /** Aborts when the partition is not to be mine any more. */
  readonly unwanted: AbortSignal;
  /** The generation that I go by at this moment. */
  generation(): number;
  /** Reads the assignment anew. */
  readAssignment(): Promise<void>;
  /** Called when it is known that another has to let go first. */
  onWaiting(): void;
}

/**
 * Claims one partition: protocols §A, rules 8 to 11. Returns once it is mine (also when it became unwanted in the very
 * moment it was written), or undefined when it became unwanted before.
 */
export class Claiming {
  readonly #context: MemberContext;
  readonly #request: ClaimRequest;
  readonly #path: string;
  readonly #bell: Pulse;
  readonly #watches: WatchSet;
  /** Since when, and after which claim of the owner, it is to be mine (rule 10). */
  #wanted: { readonly sinceMs: number; readonly generation: number };

  constructor(context: MemberContext, request: ClaimRequest) {
    const { topicId, partition } = request.share;
    this.#context = context;
    this.#request = request;
    this.#path = paths.offset(context.group, topicId, partition);
    this.#bell = new Pulse<void>(() => {}, { signal: request.unwanted });
    this.#watches = new WatchSet(context, () => this.#bell.notify());
    this.#wanted = { sinceMs: context.world.clock.monotonic(), generation: request.generation() };
  }

  /** Something changed that may matter: the assignment. */
  lookAgain(): void {
    this.#bell.notify();
  }

  async run(): Promise<Ownership | undefined> {
    try {
      while (!this.#request.unwanted.aborted) {
        const ownership = await this.#attempt();
        if (ownership !== undefined) return ownership;
      }
      return undefined;
    } finally {
      this.#watches.close();
      this.#bell.end();
    }
  }

  async #attempt(): Promise<Ownership | undefined> {
    const found = await this.#context.get(this.#path);
    const node = this.#decoded(found?.data);
    if (node === 'unreadable') return this.#wait([this.#path]);

    const generation = this.#request.generation();
    switch (claimStep(node, this.#context.memberId, generation)) {
      case 'take':
        return this.#take(node, found?.version, generation);
      case 'read-assignment':
        await this.#request.readAssignment();
        if (this.#request.generation() > generation) return undefined;
        return this.#wait([this.#path]);
      case 'ask-owner':
        return this.#askOwner(node, () => this.#take(node, found?.version, generation));
    }
  }

  /** Rule 9: the owner's member node is read after the partition's node, in the same session, never from memory. */
  async #askOwner(
    node: OffsetNode | undefined,
    take: () => Promise<Ownership | undefined>,
  ): Promise<Ownership | undefined> {
    const nowMs = this.#context.world.clock.monotonic();
    if (node !== undefined && node.generation > this.#wanted.generation) {
      // It was the owner's again in a generation that I missed: its time to release begins anew.
      this.#wanted = { sinceMs: nowMs, generation: node.generation };
    }
    const ownerPath = paths.member(this.#context.group, node?.owner ?? '');
    const found = await this.#context.get(ownerPath);
    const owner = found && this.#memberOf(found.data, ownerPath);
    const waitMs = waitForOwnerMs(owner, nowMs - this.#wanted.sinceMs);
    return waitMs === 0 ? take() : this.#wait([this.#path, ownerPath], waitMs);
  }

  async #take(
    replaced: OffsetNode | undefined,
    version: number | undefined,
    generation: number,
  ): Promise<Ownership | undefined> {
    if (this.#request.unwanted.aborted) return undefined;
    const { registry, memberId } = this.#context;
    const mine = claimed(replaced, memberId, generation);
    const data = offsetNode.encode(mine);
    try {
      const written =
        version === undefined
          ? (await registry.create(this.#path, data)).version
          : await registry.set(this.#path, data, { version });
      return this.#own(mine, written);
    } catch (error) {
      if (hasCode(error, 'OUTCOME_UNKNOWN')) return this.#readBack(mine);
      // Another was faster: look again.
      if (['NODE_EXISTS', 'VERSION_MISMATCH', 'NODE_MISSING'].includes(codeOf(error) ?? '')) return undefined;
      throw error;
    }
  }

  async #readBack(mine: OffsetNode): Promise<Ownership | undefined> {
    const found = await this.#context.get(this.#path);
    const node = this.#decoded(found?.data);
    if (found === undefined || node === undefined || node === 'unreadable') return undefined;
    return readBack(node, mine, mine) === 'fenced' ? undefined : this.#own(node, found.version);
  }

  #own(mine: OffsetNode, version: number): Ownership {
    return new Ownership(this.#context, this.#path, this.#request.share, mine, version);
  }

  /** Until one of the paths changes, the bell rings, or `ms` have passed. */
  async #wait(watched: readonly string[], ms?: number): Promise<undefined> {
    this.#watches.keep(watched);
    this.#request.onWaiting();
    const timer =
      ms === undefined ? undefined : this.#context.world.clock.after(ms, () => this.#bell.notify());
    try {
      await this.#bell.next();
    } finally {
      timer?.cancel();
    }
    this.#context.over.throwIfAborted();
  }

  #decoded(data: Uint8Array | undefined): OffsetNode | undefined | 'unreadable' {
    try {
      return data && offsetNode.decode(data, this.#path);
    } catch (error) {
      // Garbage is left to people; it costs this partition and no other.
      this.#context.world.logger.error(
        { err: error },
        'a partition cannot be claimed: its node is unreadable',
      );
      return 'unreadable';
    }
  }

  #memberOf(data: Uint8Array, path: string): { revokeTimeoutMs: number } {
    try {
      return memberNode.decode(data, path);
    } catch (error) {
      this.#context.world.logger.warn({ err: error }, 'a member of the group is unreadable');
      return { revokeTimeoutMs: unreadableRevokeTimeoutMs };
    }
  }
}

/** What is granted to an owner whose node does not say. */
const unreadableRevokeTimeoutMs = 30_000;
