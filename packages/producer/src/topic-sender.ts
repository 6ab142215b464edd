import type { Cluster } from '@millrace/client';
import type { CompressionCodec, NewRecord } from '@millrace/record';
import type { World } from '@millrace/runtime';
import { Accumulator } from './accumulator.ts';
import type { Partitioner, ProducerConfig } from './config.ts';
import { outOfRange } from './errors.ts';
import { PartitionSender } from './partition-sender.ts';
import { StickyPartition } from './partitioner.ts';
import type { ProduceRequests } from './produce-requests.ts';
import type { ProducerBatch, Waiting } from './producer-batch.ts';

/** What the senders of a producer share. */
export interface SenderContext {
  readonly cluster: Cluster;
  readonly config: ProducerConfig;
  readonly world: World;
  readonly partitioner: Partitioner;
  readonly codec: CompressionCodec | undefined;
  /** Takes what is ready to its broker. */
  readonly requests: ProduceRequests;
  /** Hears of each batch that was acknowledged or given up. */
  readonly settled: (batch: ProducerBatch) => void;
}

interface PartitionSlot {
  readonly accumulator: Accumulator;
  readonly sender: PartitionSender;
}

/** The partitions of one topic: where each record goes, and the senders that take it there. */
export class TopicSender {
  readonly #topic: string;
  readonly #partitions: number;
  readonly #context: SenderContext;
  readonly #sticky: StickyPartition;
  readonly #slots = new Map<number, PartitionSlot>();
  readonly #dirty = new Set<number>();

  constructor(topic: string, partitions: number, context: SenderContext) {
    this.#topic = topic;
    this.#partitions = partitions;
    this.#context = context;
    this.#sticky = new StickyPartition(partitions, context.world.random);
  }

  get batches(): readonly ProducerBatch[] {
    return [...this.#slots.values()].flatMap(({ sender }) => sender.batches);
  }

  /** Adds a record to the batch of its partition; returns the bytes it takes. RECORD_TOO_LARGE, PARTITION_OUT_OF_RANGE. */
  append(record: NewRecord, partition: number | undefined, waiting: Waiting): number {
    const target = this.#targetOf(record, partition);
    const appended = this.#slot(target).accumulator.append(record, waiting);
    if (appended.full) this.#sticky.move(target);
    this.#dirty.add(target);
    return appended.bytes;
  }

  add(batch: ProducerBatch): void {
    this.#checkRange(batch.partition);
    this.#slot(batch.partition).accumulator.add(batch);
    this.#dirty.add(batch.partition);
  }

  /** Sends what gathered since the last time. */
  drain(alsoOpen: boolean): void {
    for (const partition of this.#dirty) {
      this.#slots.get(partition)?.sender.drain(alsoOpen);
      if (alsoOpen) this.#sticky.move(partition);
    }
    if (alsoOpen) this.#dirty.clear();
  }

  stop(): void {
    for (const { sender } of this.#slots.values()) sender.stop();
  }

  #targetOf(record: NewRecord, partition: number | undefined): number {
    if (partition !== undefined) return this.#checkRange(partition);
    if (record.key === undefined || record.key === null) return this.#sticky.current;
    const key = typeof record.key === 'string' ? Buffer.from(record.key) : record.key;
    return this.#checkRange(this.#context.partitioner(key, this.#partitions));
  }

  #checkRange(partition: number): number {
    if (Number.isInteger(partition) && partition >= 0 && partition < this.#partitions) return partition;
    throw outOfRange(this.#topic, partition, this.#partitions);
  }

  #slot(partition: number): PartitionSlot {
    const known = this.#slots.get(partition);
    if (known !== undefined) return known;
    const place = { topic: this.#topic, partition };
    const { config, codec, world } = this.#context;
    const accumulator = new Accumulator(place, config, codec, world.clock);
    const sender = new PartitionSender(place, accumulator, this.#context, this.#context.settled);
    const slot = { accumulator, sender };
    this.#slots.set(partition, slot);
    return slot;
  }
}
