import type { Cluster } from '@millrace/client';
import { type Claim, type Position, registryGroups, type TopicPartition } from '@millrace/coordination';
import { type Offset, prepareChecksums } from '@millrace/record';
import type { World } from '@millrace/runtime';
import { nodeWorld } from '@millrace/runtime/node';
import { AssignedPartition } from './assigned-partition.ts';
import { CommitTimer } from './commit-timer.ts';
import {
  type ConsumerOptions,
  type ConsumerRecord,
  defaultAutoCommitMs,
  defaultFetchConfig,
  type FetchConfig,
  type From,
  type GroupOptions,
} from './config.ts';
import { consumerError } from './errors.ts';
import { Fetcher } from './fetcher.ts';
import { GroupMember } from './group-member.ts';
import { resolveFrom } from './list-offsets.ts';
import { type MessageStream, messageStream } from './message-stream.ts';
import { Reading, type ReadingSource } from './reading.ts';
import { RecordCursor } from './record-cursor.ts';
import { Wake } from './wake.ts';

/**
 * Pulls records and keeps its own position; brokers know nothing of it. Iterating begins the work. Asking for the next
 * record (or batch) says that the one before is done: that, and nothing else, is committed by itself. Who leaves an
 * iteration in the middle of a record sees that record again.
 */
export interface Consumer<Key = Buffer | null, Value = Buffer | null>
  extends AsyncIterable<ConsumerRecord<Key, Value>>,
    AsyncDisposable {
  /** Many records at a time, of one partition each: the fast way. */
  batches(): AsyncIterableIterator<readonly ConsumerRecord<Key, Value>[]>;
  /** The partitions that it reads at this moment, each with the first offset that is not done yet. */
  positions(): readonly Position[];
  /** Done up to and including this record; without one: all that was handed out. No one adds 1. NO_GROUP, NOT_ASSIGNED. */
  commit(upTo?: ConsumerRecord<Key, Value>): Promise<void>;
  /** Goes on from there. NOT_ASSIGNED. */
  seek(partition: TopicPartition, to: Offset | From): Promise<void>;
  /** Fetches nothing more of these and hands out nothing, until `resume`. NOT_ASSIGNED. */
  pause(partitions: readonly TopicPartition[]): void;
  resume(partitions: readonly TopicPartition[]): void;
  /** The slides' form: `n` streams of a topic, each partition feeding exactly one. For a consumer with a group and no topics. ALREADY_SUBSCRIBED. */
  createMessageStreams(topic: string, n: number): Promise<MessageStream[]>;
  /** Commits what was processed, leaves the group, ends all iterations. Idempotent. */
  close(): Promise<void>;
}

export function createConsumer<Key = Buffer | null, Value = Buffer | null>(
  cluster: Cluster,
  options: ConsumerOptions<Key, Value>,
  world: World = nodeWorld,
): Consumer<Key, Value> {
  return new ClusterConsumer(cluster, options, world);
}

class ClusterConsumer<Key, Value> implements Consumer<Key, Value>, ReadingSource<Key, Value> {
  readonly #cluster: Cluster;
  readonly #options: ConsumerOptions<Key, Value>;
  readonly #world: World;
  readonly #fetcher: Fetcher;
  readonly #changed = new Wake();
  readonly #abort = new AbortController();
  readonly #readings = new Set<Reading<Key, Value>>();
  #partitions: readonly AssignedPartition[] = [];
  #topics: readonly string[] | RegExp | undefined;
  /** How many streams share the partitions. */
  #streams = 1;
  #started: Promise<void> | undefined;
  #member: GroupMember | undefined;
  #failure: Error | undefined;
  #commitTimer: CommitTimer | undefined;
  #closed: Promise<void> | undefined;
  /** Whose turn it is next. */
  #turn = 0;

  constructor(cluster: Cluster, options: ConsumerOptions<Key, Value>, world: World) {
    this.#cluster = cluster;
    this.#options = options;
    this.#world = world;
    this.#topics = 'group' in options ? options.topics : undefined;
    const context = { cluster, world, config: fetchConfigOf(options) };
    this.#fetcher = new Fetcher(() => this.#partitions, context, this.#changed);
    const close = (): void => void this.close();
    options.signal?.addEventListener('abort', close, { once: true });
    if (options.signal?.aborted === true) close();
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<ConsumerRecord<Key, Value>> {
    return this.#read(() => true).records();
  }

  batches(): AsyncIterableIterator<readonly ConsumerRecord<Key, Value>[]> {
    return this.#read(() => true).batches();
  }

  positions(): readonly Position[] {
    return this.#partitions
      .filter(({ isLost }) => !isLost)
      .map(({ topic, partition, processed }) => ({ topic, partition, offset: processed }));
  }

  async commit(upTo?: ConsumerRecord<Key, Value>): Promise<void> {
    if (!('group' in this.#options))
      throw consumerError('NO_GROUP', 'this consumer has no group that would keep its offsets', {
        hint: 'give it a group, or keep the offsets with what you make of the records',
      });
    await this.#started;
    if (upTo === undefined)
      await this.#member?.commit(
        this.#partitions.map((partition) => ({ partition, offset: partition.handedOut })),
      );
    else {
      const partition = this.#assigned(upTo);
      partition.processed = Math.max(partition.processed, upTo.offset + 1);
      await this.#member?.commit([{ partition, offset: upTo.offset + 1 }]);
    }
  }

  async seek(partition: TopicPartition, to: Offset | From): Promise<void> {
    await this.#start();
    const offset = typeof to === 'number' ? to : await this.#resolve(partition, to);
    this.#fetcher.taken(this.#assigned(partition).seek(offset));
    this.#fetcher.pump();
    this.#changed.all();
  }

  pause(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) this.#assigned(partition).paused = true;
  }

  resume(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) this.#assigned(partition).paused = false;
    this.#fetcher.pump();
    this.#changed.all();
  }

  async createMessageStreams(topic: string, n: number): Promise<MessageStream[]> {
    if (!Number.isInteger(n) || n < 1)
      throw new RangeError(`${n} streams were asked for; there is at least one`);
    if (!('group' in this.#options) || this.#topics !== undefined)
      throw consumerError('ALREADY_SUBSCRIBED', 'this consumer reads something else already', {
        hint: 'createMessageStreams is for a consumer made with a group and no topics, once',
      });
    this.#topics = [topic];
    this.#streams = n;
    await this.#start();
    return Array.from({ length: n }, (_, index) =>
      messageStream(() => this.#read(({ stream }) => stream === index).records()),
    );
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  // What readings ask.

  get isClosed(): boolean {
    return this.#closed !== undefined;
  }

  nextCursor(isMine: (partition: AssignedPartition) => boolean): RecordCursor<Key, Value> | undefined {
    const count = this.#partitions.length;
    for (let i = 0; i < count; i += 1) {
      const partition = this.#partitions[(this.#turn + i) % count] as AssignedPartition;
      if (!isMine(partition) || !this.mayHandOut(partition)) continue;
      const batches = partition.take();
      if (batches === undefined) {
        if (partition.failure !== undefined) {
          this.#turn = (this.#turn + i + 1) % count;
          throw partition.failure;
        }
        continue;
      }
      this.#turn = (this.#turn + i + 1) % count;
      this.#fetcher.taken(batches.bytes.length);
      this.#fetcher.pump();
      const { key, value } = this.#options;
      return new RecordCursor<Key, Value>(partition, batches, { key, value }, this.#fetcher.codecs);
    }
    return undefined;
  }

  async changed(): Promise<void> {
    this.#throwFailure();
    const changed = this.#changed.next();
    await this.#start();
    await changed;
    this.#throwFailure();
  }

  mayHandOut(partition: AssignedPartition): boolean {
    if (partition.paused || partition.revoking || partition.isLost) return false;
    return partition.claim === undefined || this.#member?.holds(partition.claim) === true;
  }

  rewind(partition: AssignedPartition): void {
    this.#fetcher.taken(partition.rewind());
    this.#fetcher.pump();
  }

  processed(partition: AssignedPartition, offset: number): void {
    if (partition.processed < offset) partition.processed = offset;
    if (partition.revoking) this.#changed.all();
  }

  ended(reading: Reading<Key, Value>): void {
    this.#readings.delete(reading);
    this.#changed.all();
  }

  // How it begins and ends.

  #read(isMine: (partition: AssignedPartition) => boolean): Reading<Key, Value> {
    const reading = new Reading<Key, Value>(this, isMine);
    this.#readings.add(reading);
    return reading;
  }

  /** Once: whoever comes later waits for the same. */
  #start(): Promise<void> {
    if (this.#closed !== undefined)
      return Promise.reject(consumerError('CONSUMER_CLOSED', 'the consumer was closed'));
    this.#started ??= this.#begin().catch((error: unknown) => {
      if (!this.#abort.signal.aborted) this.#fail(error as Error);
    });
    return this.#started;
  }

  async #begin(): Promise<void> {
    await prepareChecksums();
    if ('partitions' in this.#options) await this.#assignPartitions(this.#options.partitions);
    else await this.#join(this.#options);
  }

  async #assignPartitions(
    named: readonly (TopicPartition & { readonly from?: Offset | From })[],
  ): Promise<void> {
    this.#partitions = await Promise.all(
      named.map(async ({ topic, partition, from = this.#options.from ?? 'earliest' }) => {
        const offset = typeof from === 'number' ? from : await this.#resolve({ topic, partition }, from);
        return new AssignedPartition({ topic, partition }, offset);
      }),
    );
    this.#fetcher.pump();
    this.#changed.all();
  }

  async #join(options: GroupOptions): Promise<void> {
    const topics = this.#topics;
    if (topics === undefined)
      throw new TypeError('a consumer in a group needs topics, or createMessageStreams');
    const { registry } = this.#cluster;
    const backend =
      options.backend ?? (registry === undefined ? undefined : registryGroups(registry, this.#world));
    if (backend === undefined)
      throw consumerError(
        'GROUPS_NEED_REGISTRY',
        `this client reaches no registry, which the group ${options.group} needs`,
        {
          hint: 'connect to a broker in this process, give the cluster its registry, or name partitions instead of a group',
        },
      );
    this.#member = await GroupMember.join(
      backend,
      { ...options, topics },
      {
        claimed: (claims) => this.#claimed(claims),
        assigned: (claim) => this.#partitions.find((partition) => partition.claim === claim),
        quiet: (partitions, deadline) => this.#quiet(partitions, deadline),
        failed: (error) => this.#fail(error),
      },
      this.#world,
    );
    if (this.#closed !== undefined) await this.#member.leave();
    else this.#startCommitting(options.autoCommitMs ?? defaultAutoCommitMs);
  }

  async #claimed(claims: readonly Claim[]): Promise<void> {
    const kept = this.#partitions.filter((partition) => claims.includes(partition.claim as Claim));
    for (const partition of this.#partitions) if (!kept.includes(partition)) this.#drop(partition);
    this.#partitions = kept;
    const known = new Set(kept.map(({ claim }) => claim));
    await Promise.all(claims.filter((claim) => !known.has(claim)).map((claim) => this.#take(claim)));
    this.#changed.all();
  }

  async #take(claim: Claim): Promise<void> {
    try {
      const offset = claim.offset ?? (await this.#resolve(claim, this.#options.from ?? 'earliest'));
      if (claim.lost.aborted || this.#closed !== undefined) return;
      const partition = new AssignedPartition(claim, offset, claim);
      partition.stream = leastFed(this.#streams, this.#partitions);
      claim.lost.addEventListener('abort', () => this.#changed.all(), { once: true });
      this.#partitions = [...this.#partitions, partition];
      this.#fetcher.pump();
    } catch (error) {
      if (!claim.lost.aborted && !this.#abort.signal.aborted) throw error;
    }
  }

  #drop(partition: AssignedPartition): void {
    this.#fetcher.taken(partition.rewind());
    partition.lose();
  }

  async #quiet(partitions: readonly AssignedPartition[], deadline: AbortSignal): Promise<void> {
    const over = new Promise<void>((resolve) => {
      deadline.addEventListener('abort', () => resolve(), { once: true });
    });
    const isBusy = (): boolean =>
      partitions.some((partition) => [...this.#readings].some((reading) => reading.holds(partition)));
    while (isBusy() && !deadline.aborted && this.#closed === undefined)
      await Promise.race([this.#changed.next(), over]);
  }

  #startCommitting(everyMs: number | false): void {
    if (everyMs !== false)
      this.#commitTimer = new CommitTimer(everyMs, () => this.#commitProcessed(), this.#world);
  }

  async #commitProcessed(): Promise<void> {
    const positions = this.#partitions.map((partition) => ({ partition, offset: partition.processed }));
    // Where nothing was done yet there is nothing to commit.
    await this.#member?.commit(
      positions.filter(({ partition, offset }) => offset > (partition.committed ?? 0)),
    );
  }

  #resolve(partition: TopicPartition, from: From): Promise<Offset> {
    return resolveFrom(partition, from, { cluster: this.#cluster, world: this.#world }, this.#abort.signal);
  }

  #assigned({ topic, partition }: TopicPartition): AssignedPartition {
    const found = this.#partitions.find((one) => one.topic === topic && one.partition === partition);
    if (found !== undefined) return found;
    throw consumerError('NOT_ASSIGNED', `this consumer does not read ${topic}-${partition} at the moment`, {
      details: { topic, partition },
    });
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#changed.all();
  }

  async #close(): Promise<void> {
    this.#commitTimer?.stop();
    this.#fetcher.stop();
    this.#abort.abort(consumerError('CONSUMER_CLOSED', 'the consumer was closed'));
    this.#changed.all();
    await this.#started;
    // Leaving releases every claim with what was processed of it.
    await this.#member?.leave();
    for (const partition of this.#partitions) partition.lose();
    this.#changed.all();
  }
}

/** The stream that the fewest partitions feed. */
function leastFed(streams: number, partitions: readonly AssignedPartition[]): number {
  const fed = Array.from({ length: streams }, (_, stream) =>
    partitions.reduce((count, partition) => count + (partition.stream === stream ? 1 : 0), 0),
  );
  return fed.indexOf(Math.min(...fed));
}

function fetchConfigOf(options: {
  minBytes?: number;
  maxWaitMs?: number;
  bufferedBytes?: number;
}): FetchConfig {
  const { minBytes, maxWaitMs, bufferedBytes } = options;
  return {
    ...defaultFetchConfig,
    ...(minBytes === undefined ? {} : { minBytes }),
    ...(maxWaitMs === undefined ? {} : { maxWaitMs }),
    ...(bufferedBytes === undefined ? {} : { bufferedBytes }),
  };
}
