import type { Cluster } from '@millrace/client';
import {
  type CompressionCodec,
  loadCompression,
  type NewRecord,
  prepareChecksums,
  readBatchHeader,
} from '@millrace/record';
import type { Timer, World } from '@millrace/runtime';
import { nodeWorld } from '@millrace/runtime/node';
import { ByteBudget } from './byte-budget.ts';
import {
  type Bytes,
  configOf,
  type Delivery,
  type ProducerConfig,
  type ProducerOptions,
  type ProducerRecord,
} from './config.ts';
import { producerClosed } from './errors.ts';
import { ByteBufferMessageSet } from './message-set.ts';
import { murmur2Partitioner } from './partitioner.ts';
import { ProduceRequests } from './produce-requests.ts';
import { ProducerBatch, type Waiting } from './producer-batch.ts';
import { recordSink } from './record-sink.ts';
import { lookUpTopic } from './topic-lookup.ts';
import { TopicQueue } from './topic-queue.ts';
import { type SenderContext, TopicSender } from './topic-sender.ts';

/**
 * Sends records in batches to the leaders of their partitions, in the order of the calls for each partition; what is ready
 * at the same time goes to each broker in one request. Unless acks is `none` it is idempotent: what was sent again after a
 * lost answer is written once.
 */
export interface Producer<Key = Bytes, Value = Bytes> extends AsyncDisposable {
  /**
   * Resolves when acknowledged; waits while the buffer is full (until it is in a batch `signal` takes the record back). Rejects with
   * a code: DELIVERY_TIMED_OUT, PRODUCER_CLOSED, or what the broker answered, with `details.mayBeWritten` and a message that
   * says the same; or, with nothing written, RECORD_TOO_LARGE, INVALID_RECORD, PARTITION_OUT_OF_RANGE.
   */
  send(record: ProducerRecord<Key, Value>, signal?: AbortSignal): Promise<Delivery>;
  /** The slides' form: one delivery for each message. */
  send(topic: string, messages: ByteBufferMessageSet): Promise<readonly Delivery[]>;
  /** A ready-made batch, sent as ours: its producer id, epoch and sequence are replaced. Resolves with its first offset. The bytes are the producer's from now on. CORRUPT_MESSAGE. */
  sendBatch(target: { readonly topic: string; readonly partition: number }, batch: Buffer): Promise<Delivery>;
  /** Sends what lingers; resolves once all that was sent before is acknowledged or has failed. */
  flush(): Promise<void>;
  /**
   * A stream whose writes wait while the buffer is full, not for acknowledgements. The first record that fails errors it;
   * closing it waits until all are acknowledged. The producer stays open.
   */
  writable(): WritableStream<ProducerRecord<Key, Value>>;
  /**
   * Takes nothing more, flushes, ends. Idempotent. With `drain: false`, also while a close drains: gives up at once
   * what is not acknowledged, with PRODUCER_CLOSED.
   */
  close(options?: { readonly drain?: boolean }): Promise<void>;
}

export function createProducer<Key = Bytes, Value = Bytes>(
  cluster: Cluster,
  options: ProducerOptions<Key, Value> = {},
  world: World = nodeWorld,
): Producer<Key, Value> {
  return new ClusterProducer(cluster, options, world);
}

class ClusterProducer<Key, Value> implements Producer<Key, Value> {
  readonly #config: ProducerConfig;
  readonly #options: ProducerOptions<Key, Value>;
  readonly #cluster: Cluster;
  readonly #world: World;
  readonly #budget: ByteBudget;
  readonly #requests: ProduceRequests;
  readonly #topics = new Map<string, TopicQueue>();
  readonly #abort = new AbortController();
  /** Loaded before the first batch, as are fast checksums. */
  #codec: Promise<CompressionCodec | undefined> | undefined;
  #drainScheduled = false;
  #linger: Timer | undefined;
  #closed: Promise<void> | undefined;

  constructor(cluster: Cluster, options: ProducerOptions<Key, Value>, world: World) {
    this.#config = configOf(options);
    this.#options = options;
    this.#cluster = cluster;
    this.#world = world;
    this.#budget = new ByteBudget(this.#config.bufferBytes);
    this.#requests = new ProduceRequests(this.#config);
  }

  send(record: ProducerRecord<Key, Value>, signal?: AbortSignal): Promise<Delivery>;
  send(topic: string, messages: ByteBufferMessageSet): Promise<readonly Delivery[]>;
  send(
    to: ProducerRecord<Key, Value> | string,
    second?: AbortSignal | ByteBufferMessageSet,
  ): Promise<Delivery | readonly Delivery[]> {
    if (typeof to === 'string') return this.#sendMessages(to, second as ByteBufferMessageSet);
    return new Promise((resolve, reject) => {
      const record = this.#encoded(to);
      this.#send(to.topic, to.partition, record, { resolve, reject }, second as AbortSignal | undefined);
    });
  }

  sendBatch(
    target: { readonly topic: string; readonly partition: number },
    batch: Buffer,
  ): Promise<Delivery> {
    return new Promise((resolve, reject) => {
      const { recordCount } = readBatchHeader(batch);
      this.#enqueue(target.topic, { resolve, reject }, undefined, (sender) => {
        const deadline = this.#world.clock.monotonic() + this.#config.deliveryTimeoutMs;
        const ready = new ProducerBatch(target, deadline, batch);
        ready.await(recordCount, { resolve, reject });
        sender.add(ready);
        return batch.length;
      });
    });
  }

  async flush(): Promise<void> {
    await Promise.all(Array.from(this.#topics.values(), (queue) => queue.passed()));
    const batches = [...this.#topics.values()].flatMap(({ sender }) => sender?.batches ?? []);
    this.#drain(true);
    await Promise.all(batches.map(({ settled }) => settled));
  }

  writable(): WritableStream<ProducerRecord<Key, Value>> {
    return recordSink<Key, Value>({
      send: (record, signal) => this.send(record, signal),
      letIn: async (topic) => this.#topics.get(topic)?.passed(),
      flush: () => this.flush(),
    });
  }

  close({ drain = true }: { readonly drain?: boolean } = {}): Promise<void> {
    this.#closed ??= this.#close();
    if (!drain) this.#giveUp();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #sendMessages(topic: string, messages: ByteBufferMessageSet): Promise<readonly Delivery[]> {
    if (!(messages instanceof ByteBufferMessageSet))
      throw new TypeError('send(topic, …) takes a ByteBufferMessageSet');
    return Promise.all(
      Array.from(
        messages,
        (message) =>
          new Promise<Delivery>((resolve, reject) =>
            this.#send(topic, undefined, { value: message.payload() }, { resolve, reject }),
          ),
      ),
    );
  }

  #send(
    topic: string,
    partition: number | undefined,
    record: NewRecord,
    waiting: Waiting,
    signal?: AbortSignal,
  ): void {
    this.#enqueue(topic, waiting, signal, (sender) => sender.append(record, partition, waiting));
  }

  #encoded({ key, value, headers, timestamp }: ProducerRecord<Key, Value>): NewRecord {
    const { key: keySerde, value: valueSerde } = this.#options;
    const encoded: NewRecord = {
      key: key === undefined ? null : keySerde === undefined ? (key as Bytes) : keySerde.encode(key),
      value: valueSerde === undefined ? (value as Bytes) : valueSerde.encode(value),
    };
    if (headers !== undefined) encoded.headers = headers;
    if (timestamp !== undefined) encoded.timestamp = timestamp;
    return encoded;
  }

  /** Runs `append` (which returns the bytes it took) at once if it can, else when topic and buffer are ready, in the order of the calls. */
  #enqueue(
    topic: string,
    waiting: Waiting,
    signal: AbortSignal | undefined,
    append: (sender: TopicSender) => number,
  ): void {
    if (this.#closed !== undefined) throw producerClosed(false, { topic });
    if (signal?.aborted === true) throw signal.reason as Error;
    const queue = this.#topics.get(topic) ?? this.#openTopic(topic);
    const { free } = queue;
    if (free !== undefined) {
      this.#append(free, waiting, append);
      return;
    }
    // One of its own for each record: many that wait on one signal look like a leak to Node, which says so on stderr.
    const own = signal === undefined ? undefined : AbortSignal.any([signal]);
    const takeBack = (): void => waiting.reject(own?.reason as Error);
    own?.addEventListener('abort', takeBack, { once: true });
    queue.push({
      run: (sender) => {
        if (own?.aborted === true) return;
        own?.removeEventListener('abort', takeBack);
        this.#append(sender, waiting, append);
      },
      fail: (error) => {
        own?.removeEventListener('abort', takeBack);
        waiting.reject(error);
      },
    });
  }

  #append(sender: TopicSender, waiting: Waiting, append: (sender: TopicSender) => number): void {
    try {
      this.#budget.hold(append(sender));
      this.#scheduleDrain();
    } catch (error) {
      waiting.reject(error as Error);
    }
  }

  #openTopic(topic: string): TopicQueue {
    const queue = new TopicQueue(this.#budget, () => {
      // While records wait for room, none waits for company.
      if (this.#config.lingerMs > 0) this.#drain(true);
    });
    this.#topics.set(topic, queue);
    this.#lookUp(topic).then(
      (sender) => queue.open(sender),
      (error: unknown) => {
        this.#topics.delete(topic);
        queue.fail(error as Error);
      },
    );
    return queue;
  }

  async #lookUp(topic: string): Promise<TopicSender> {
    const { compression } = this.#config;
    this.#codec ??= compression === 'none' ? Promise.resolve(undefined) : loadCompression(compression);
    const [codec] = await Promise.all([this.#codec, prepareChecksums()]);
    const context: SenderContext = {
      cluster: this.#cluster,
      config: this.#config,
      world: this.#world,
      partitioner: this.#options.partitioner ?? murmur2Partitioner,
      codec,
      requests: this.#requests,
      settled: (batch) => this.#budget.release(batch.bufferedBytes),
    };
    const partitions = await lookUpTopic(topic, context, this.#abort.signal);
    return new TopicSender(topic, partitions, context);
  }

  #scheduleDrain(): void {
    if (this.#drainScheduled) return;
    this.#drainScheduled = true;
    const { clock } = this.#world;
    const { lingerMs } = this.#config;
    clock.endOfTurn(() => {
      if (lingerMs === 0) this.#drainScheduled = false;
      this.#drain(lingerMs === 0);
    });
    if (lingerMs > 0)
      this.#linger = clock.after(lingerMs, () => {
        this.#drainScheduled = false;
        this.#drain(true);
      });
  }

  #drain(alsoOpen: boolean): void {
    for (const { sender } of this.#topics.values()) sender?.drain(alsoOpen);
  }

  async #close(): Promise<void> {
    await this.flush();
    this.#giveUp();
  }

  /** What waits for room goes first: room that comes free must not let it in. */
  #giveUp(): void {
    this.#linger?.cancel();
    const queues = [...this.#topics];
    for (const [topic, queue] of queues) queue.fail(producerClosed(false, { topic }));
    this.#abort.abort(producerClosed(false, {}));
    for (const [, { sender }] of queues) sender?.stop();
  }
}
