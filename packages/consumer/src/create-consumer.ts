import type { Cluster } from '@millrace/client';
import type { Position, TopicPartition } from '@millrace/coordination';
import type { Offset } from '@millrace/record';
import type { World } from '@millrace/runtime';
import { nodeWorld } from '@millrace/runtime/node';
import type { AssignedPartition } from './assigned-partition.ts';
import {
  type ConsumerOptions,
  type ConsumerRecord,
  checkOffset,
  type From,
  fetchConfigOf,
} from './config.ts';
import type { Consumer } from './consumer.ts';
import { Consumption } from './consumption.ts';
import { alreadySubscribed, consumerClosed, noGroup } from './errors.ts';
import { type ForEachOptions, forEachRecord, type Handler } from './for-each.ts';
import { ManyInHand } from './in-hand.ts';
import { type MessageStream, messageStream } from './message-stream.ts';
import type { Serdes } from './record-cursor.ts';

/** Asks nothing before it is iterated. */
export function createConsumer<Key = Buffer | null, Value = Buffer | null>(
  cluster: Cluster,
  options: ConsumerOptions<Key, Value>,
  world: World = nodeWorld,
): Consumer<Key, Value> {
  return new ClusterConsumer(cluster, options, world);
}

const all = (): boolean => true;

class ClusterConsumer<Key, Value> implements Consumer<Key, Value> {
  readonly #serdes: Serdes<Key, Value>;
  readonly #signal: AbortSignal | undefined;
  readonly #world: World;
  readonly #consumption: Consumption;
  readonly #hasGroup: boolean;
  /** What was handed out is not done by asking for more. */
  #isConcurrent = false;
  #hasTopics: boolean;

  constructor(cluster: Cluster, options: ConsumerOptions<Key, Value>, world: World) {
    if ('partitions' in options)
      for (const { from } of options.partitions) if (typeof from === 'number') checkOffset(from);
    this.#serdes = options;
    this.#signal = options.signal;
    this.#world = world;
    this.#hasGroup = 'group' in options;
    this.#hasTopics = 'partitions' in options || options.topics !== undefined;
    this.#consumption = new Consumption(cluster, options, fetchConfigOf(options), world);
    this.#signal?.addEventListener('abort', this.#closeUnasked, { once: true });
    if (this.#signal?.aborted === true) this.#closeUnasked();
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<ConsumerRecord<Key, Value>> {
    return this.#consumption.readings.open(all, this.#serdes).records();
  }

  batches(): AsyncIterableIterator<readonly ConsumerRecord<Key, Value>[]> {
    return this.#consumption.readings.open(all, this.#serdes).batches();
  }

  forEach(handle: Handler<Key, Value>, options: ForEachOptions = {}): Promise<void> {
    this.#isConcurrent = true;
    const { readings } = this.#consumption;
    const inHand = new ManyInHand(readings.processed);
    return forEachRecord(readings.open(all, this.#serdes, inHand).records(), inHand, handle, options);
  }

  positions(): readonly Position[] {
    return this.#consumption.assignment.current
      .filter(({ isLost }) => !isLost)
      .map(({ topic, partition, processed }) => ({ topic, partition, offset: processed }));
  }

  async commit(upTo?: ConsumerRecord<Key, Value>): Promise<void> {
    const { assignment, isClosed, member } = this.#consumption;
    if (!this.#hasGroup) throw noGroup();
    if (isClosed) throw consumerClosed('commit');
    const done =
      upTo === undefined
        ? assignment.committable.map((partition) => ({
            partition,
            offset: this.#isConcurrent ? partition.processed : partition.handedOut,
          }))
        : [{ partition: assignment.committableOf(upTo), offset: upTo.offset + 1 }];
    // After a seek to before it, a record is committed, but not where this consumer goes on.
    for (const { partition, offset } of done)
      if (offset <= partition.handedOut) partition.processed = Math.max(partition.processed, offset);
    await member?.commit(done);
  }

  async seek(partition: TopicPartition, to: Offset | From): Promise<void> {
    if (typeof to === 'number') checkOffset(to);
    const consumption = this.#consumption;
    await consumption.start();
    const offset = typeof to === 'number' ? to : await consumption.resolve(partition, to);
    consumption.assignment.find(partition).seek(offset);
    consumption.pump();
  }

  pause(partitions: readonly TopicPartition[]): void {
    for (const partition of this.#all(partitions)) partition.paused = true;
  }

  resume(partitions: readonly TopicPartition[]): void {
    for (const partition of this.#all(partitions)) partition.paused = false;
    this.#consumption.pump();
  }

  async createMessageStreams(topic: string, n: number): Promise<MessageStream[]> {
    if (!Number.isInteger(n) || n < 1)
      throw new RangeError(`${n} streams were asked for; there is at least one`);
    if (!this.#hasGroup || this.#hasTopics) throw alreadySubscribed();
    this.#hasTopics = true;
    const { readings } = this.#consumption;
    try {
      await this.#consumption.startStreams(topic, n);
    } catch (error) {
      this.#hasTopics = false;
      throw error;
    }
    return Array.from({ length: n }, (_, index) =>
      messageStream(() =>
        readings.open<Buffer | null, Buffer | null>(({ stream }) => stream === index, {}).records(),
      ),
    );
  }

  close(): Promise<void> {
    this.#signal?.removeEventListener('abort', this.#closeUnasked);
    return this.#consumption.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #all(partitions: readonly TopicPartition[]): readonly AssignedPartition[] {
    return partitions.map((partition) => this.#consumption.assignment.find(partition));
  }

  readonly #closeUnasked = (): void => {
    this.close().catch((error: unknown) =>
      this.#world.logger.error({ error: String(error) }, 'a consumer did not close well'),
    );
  };
}
