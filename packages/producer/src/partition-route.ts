import { type Cluster, isRetriable, type Leader, retryDelayMs } from '@millrace/client';
import { codeOf, type World } from '@millrace/runtime';
import type { ProducerConfig } from './config.ts';
import { outOfRange } from './errors.ts';
import { newIdentity, type PartitionIdentity } from './producer-identity.ts';

/** What the batches of one partition need to be sent: who leads it, and under which identity they are written. */
export class PartitionRoute {
  readonly #place: { readonly topic: string; readonly partition: number };
  readonly #cluster: Cluster;
  readonly #config: ProducerConfig;
  readonly #world: World;
  #leader: Leader | undefined;
  #identity: PartitionIdentity | undefined;
  #hindrance: unknown;
  #failures = 0;

  constructor(
    place: { readonly topic: string; readonly partition: number },
    context: { readonly cluster: Cluster; readonly config: ProducerConfig; readonly world: World },
  ) {
    this.#place = place;
    this.#cluster = context.cluster;
    this.#config = context.config;
    this.#world = context.world;
  }

  /** undefined: it has to be prepared. */
  get leader(): Leader | undefined {
    return this.#isIdempotent && this.#identity === undefined ? undefined : this.#leader;
  }

  /** undefined: without idempotence there is none. */
  get identity(): PartitionIdentity | undefined {
    return this.#identity;
  }

  /** Why it could not be prepared at last. */
  get hindrance(): unknown {
    return this.#hindrance;
  }

  /** Something was acknowledged. */
  worked(): void {
    this.#failures = 0;
    if (this.#identity !== undefined) this.#identity.isKnown = true;
  }

  /** Something failed: a broker that was started anew may know the identity no more, and take any of its batches for the first. */
  doubtIdentity(): void {
    if (this.#identity !== undefined) this.#identity.isKnown = false;
  }

  /** A batch was given up of which nobody knows what became. */
  leftBehind(): void {
    if (this.#identity !== undefined) this.#identity.mayComeLate = true;
  }

  forgetLeader(): void {
    this.#leader = undefined;
    this.#cluster.forget(this.#place.topic);
  }

  /** What was sent so far and not written is never to be: its sequences are left behind. */
  beginEpoch(): void {
    this.#identity = this.#identity?.nextEpoch();
  }

  /** Somebody else writes under it. */
  forgetIdentity(): void {
    this.#identity = undefined;
  }

  /**
   * Finds what is missing, after a pause if nothing has worked since the last time. Resolves with an error that will
   * last; when nothing was found for another reason it may be tried again. Never rejects.
   */
  async prepare(signal: AbortSignal): Promise<unknown> {
    const { clock, random } = this.#world;
    const { topic, partition } = this.#place;
    try {
      if (this.#failures > 0)
        await clock.sleep(retryDelayMs(this.#failures, this.#config.retryBackoffMs, random), signal);
      this.#failures += 1;
      this.#leader ??= await this.#cluster.leaderOf(topic, partition, signal);
      if (this.#isIdempotent) this.#identity ??= await newIdentity(this.#cluster, signal);
      this.#hindrance = undefined;
      return undefined;
    } catch (error) {
      if (signal.aborted) return undefined;
      this.forgetLeader();
      this.#hindrance = error;
      return this.#lasting(error, signal);
    }
  }

  get #isIdempotent(): boolean {
    return this.#config.acks !== 'none';
  }

  /** undefined: it may pass. A topic that is gone is made again where brokers allow it; else nothing brings it back. */
  async #lasting(cause: unknown, signal: AbortSignal): Promise<unknown> {
    const isGone = (error: unknown): boolean => codeOf(error) === 'UNKNOWN_TOPIC_OR_PARTITION';
    if (!isGone(cause)) return isRetriable(cause) ? undefined : cause;
    const { topic, partition } = this.#place;
    try {
      const partitions = await this.#cluster.partitionsOf(topic, { create: true, signal });
      return partition < partitions ? undefined : outOfRange(topic, partition, partitions);
    } catch (error) {
      return isGone(error) || !isRetriable(error) ? error : undefined;
    }
  }
}
