import { type Cluster, isRetriable } from '@millrace/client';
import { type Claim, type GroupBackend, registryGroups, type TopicPartition } from '@millrace/coordination';
import { type Offset, prepareChecksums } from '@millrace/record';
import { codeOf, type World } from '@millrace/runtime';
import { AssignedPartition } from './assigned-partition.ts';
import { Assignment } from './assignment.ts';
import { CommitTimer } from './commit-timer.ts';
import {
  defaultAutoCommitMs,
  type FetchConfig,
  type From,
  type GroupOptions,
  type PartitionsOptions,
  startTimeoutMs,
} from './config.ts';
import { coordinatorGroups } from './coordinator-groups/coordinator-groups.ts';
import { consumerClosed, groupsNeedRegistry } from './errors.ts';
import { Fetcher } from './fetcher.ts';
import { GroupMember, type GroupMemberHost } from './group-member.ts';
import { resolveFrom } from './list-offsets.ts';
import { patiently } from './patiently.ts';
import { Readings, type ReadingsHost } from './readings.ts';
import { Wake } from './wake.ts';

/** What is read: as a member of a group, or partitions by name. */
export type Subscription = (GroupOptions | PartitionsOptions) & { readonly from?: From };

/** A registry that does not answer a member who joins is not waited for any longer by `close`. */
const closingMs = 5_000;

/** How consuming begins and ends, and what its parts share in between: partitions, their fetcher, their readers, the group. */
export class Consumption implements ReadingsHost, GroupMemberHost {
  readonly assignment = new Assignment();
  readonly changed = new Wake();
  readonly readings = new Readings(this);
  readonly fetcher: Fetcher;
  streams = 1;
  readonly #cluster: Cluster;
  #subscription: Subscription;
  readonly #world: World;
  readonly #abort = new AbortController();
  /** Rejects when the consumer is closed. */
  readonly #ended: Promise<never>;
  #started: Promise<void> | undefined;
  #isRunning = false;
  #member: GroupMember | undefined;
  #commitTimer: CommitTimer | undefined;
  #closed: Promise<void> | undefined;

  constructor(cluster: Cluster, subscription: Subscription, config: FetchConfig, world: World) {
    this.#cluster = cluster;
    this.#subscription = subscription;
    this.#world = world;
    this.#ended = new Promise((_, reject) => {
      this.#abort.signal.addEventListener('abort', () => reject(this.#abort.signal.reason as Error));
    });
    // Whoever waits for it hears of it.
    this.#ended.catch(() => {});
    this.fetcher = new Fetcher(() => this.assignment.current, { cluster, world, config }, this.changed);
  }

  /** The group's member, once it has joined. */
  get member(): GroupMember | undefined {
    return this.#member;
  }

  get isClosed(): boolean {
    return this.#closed !== undefined;
  }

  holds(claim: Claim): boolean {
    return this.#member?.holds(claim) === true;
  }

  /** As long as the claim is held: others take it over where its leader is away for good. */
  beginningOf(claim: Claim, lost: AbortSignal): Promise<Offset> {
    const ends = AbortSignal.any([this.#abort.signal, lost]);
    const context = { cluster: this.#cluster, world: this.#world };
    return resolveFrom(claim, this.#subscription.from ?? 'earliest', context, ends);
  }

  /** A topic that is not there may come; or somebody has mistaken its name, and would wait for ever. */
  joined(claims: readonly Claim[]): void {
    const { topics } = this.#subscription as GroupOptions;
    if (topics === undefined || topics instanceof RegExp) return;
    for (const topic of topics)
      if (!claims.some((claim) => claim.topic === topic)) void this.#tellIfMissing(topic);
  }

  isInHand(partition: AssignedPartition): boolean {
    return this.readings.isInHand(partition);
  }

  /** Asks for whatever has room, and has readers look again. */
  pump(): void {
    this.fetcher.pump();
    this.changed.all();
  }

  failed(error: Error): void {
    this.readings.fail(error);
  }

  /** Once: whoever comes later waits for the same; after a failure it is tried again. CONSUMER_CLOSED, also meanwhile. */
  start(): Promise<void> {
    if (this.isClosed) return Promise.reject(consumerClosed('read'));
    if (this.#isRunning) return Promise.resolve();
    this.#started ??= this.#begin().then(
      () => {
        this.#isRunning = true;
      },
      (error: unknown) => {
        this.#started = undefined;
        throw error;
      },
    );
    return Promise.race([this.#started, this.#ended]);
  }

  /** Begins as a member of its group that reads one topic, in `n` streams. */
  async startStreams(topic: string, n: number): Promise<void> {
    if ('group' in this.#subscription) this.#subscription = { ...this.#subscription, topics: [topic] };
    this.streams = n;
    await this.start();
  }

  async #begin(): Promise<void> {
    await prepareChecksums();
    if ('partitions' in this.#subscription) await this.#assignPartitions(this.#subscription.partitions);
    else await this.#join(this.#subscription);
  }

  async #assignPartitions(named: PartitionsOptions['partitions']): Promise<void> {
    const partitions = await Promise.all(
      named.map(async ({ topic, partition, from = this.#subscription.from ?? 'earliest' }) => {
        const offset = typeof from === 'number' ? from : await this.resolve({ topic, partition }, from);
        return new AssignedPartition({ topic, partition }, offset);
      }),
    );
    if (this.isClosed) return;
    this.assignment.add(partitions);
    this.pump();
  }

  async #join(options: GroupOptions): Promise<void> {
    const { topics } = options;
    if (topics === undefined)
      throw new TypeError('a consumer in a group needs topics, or createMessageStreams');
    const member = await patiently(
      () => GroupMember.join(this.#backendOf(options), { ...options, topics }, this, this.#world),
      { world: this.#world, withinMs: startTimeoutMs, signal: AbortSignal.any([this.#abort.signal]) },
      (error) => isRetriable(error) || codeOf(error) === 'SESSION_EXPIRED', // the next attempt opens another
    ).catch((error: unknown) => {
      // The brokers keep no registry for their clients.
      const lacksRegistry = this.#cluster.groups === 'registry' && codeOf(error) === 'UNSUPPORTED_VERSION';
      throw lacksRegistry ? groupsNeedRegistry(options.group, error) : error;
    });
    this.#member = member;
    if (this.isClosed) await member.leave();
    else this.#startCommitting(member, options.autoCommitMs ?? defaultAutoCommitMs);
  }

  #backendOf({ backend }: GroupOptions): GroupBackend {
    if (backend !== undefined) return backend;
    return this.#cluster.groups === 'registry'
      ? registryGroups(this.#cluster.registry, this.#world)
      : coordinatorGroups(this.#cluster, {}, this.#world);
  }

  /** Never rejects: whatever else is wrong, readers meet it too. */
  async #tellIfMissing(topic: string): Promise<void> {
    try {
      await this.#cluster.partitionsOf(topic, { signal: AbortSignal.any([this.#abort.signal]) });
    } catch (error) {
      if (codeOf(error) !== 'UNKNOWN_TOPIC_OR_PARTITION') return;
      const { hint = '' } = error as { hint?: string };
      this.#world.logger.warn({ topic, hint }, 'a consumer waits for a topic that is not there');
    }
  }

  #startCommitting(member: GroupMember, everyMs: number | false): void {
    if (everyMs !== false)
      this.#commitTimer = new CommitTimer(everyMs, () => member.commitProcessed(), this.#world);
  }

  /** Where that is, of a partition that the caller names. */
  resolve(partition: TopicPartition, from: From): Promise<Offset> {
    const context = { cluster: this.#cluster, world: this.#world, withinMs: startTimeoutMs };
    return resolveFrom(partition, from, context, AbortSignal.any([this.#abort.signal]));
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#commitTimer?.stop();
    this.fetcher.stop();
    this.#abort.abort(consumerClosed('read'));
    this.changed.all();
    try {
      await this.#settled();
      // Leaving releases every claim with what was processed of it.
      await this.#member?.leave();
    } finally {
      this.assignment.drop(this.assignment.committable);
      this.readings.endAll();
    }
  }

  /** Until a beginning that is under way has ended, well or not: its readers were told. */
  async #settled(): Promise<void> {
    if (this.#started === undefined) return;
    const done = new AbortController();
    const enough = this.#world.clock.sleep(closingMs, done.signal).catch(() => {});
    await Promise.race([this.#started.catch(() => {}), enough]);
    done.abort();
  }
}
