import type { Position, TopicPartition } from '@millrace/coordination';
import type { Offset } from '@millrace/record';
import type { ConsumerRecord, From } from './config.ts';
import type { ForEachOptions, Handler } from './for-each.ts';
import type { MessageStream } from './message-stream.ts';

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
  /**
   * Up to `concurrency` records at a time; those of one key and partition one after the other, those without a key in any
   * order. A record is done when its handler resolves, and what is committed never passes one that is not. Resolves when
   * the consumer is closed or `signal` aborts; rejects with the first failure, after all handlers have ended.
   */
  forEach(handle: Handler<Key, Value>, options?: ForEachOptions): Promise<void>;
  /** The partitions that it reads at this moment, each with the first offset that is not done yet. */
  positions(): readonly Position[];
  /**
   * Done up to and including this record; without one: all that was handed out (of `forEach`: all that is done). No one adds 1. While a partition is
   * taken away, it is accepted until the records in hand are done, or their time is over. NO_GROUP; NOT_ASSIGNED when
   * the partition is not held any more, by the claim under which the record was handed out; CONSUMER_CLOSED;
   * REQUEST_TIMED_OUT when it is not known whether the commit was taken.
   */
  commit(upTo?: ConsumerRecord<Key, Value>): Promise<void>;
  /** Goes on from there. NOT_ASSIGNED, RangeError for what is no offset. */
  seek(partition: TopicPartition, to: Offset | From): Promise<void>;
  /** Fetches nothing more of these and hands out nothing, until `resume`. NOT_ASSIGNED. */
  pause(partitions: readonly TopicPartition[]): void;
  resume(partitions: readonly TopicPartition[]): void;
  /**
   * The slides' form: `n` streams of a topic, each partition feeding exactly one. They give bytes, whatever serdes the
   * consumer has. For a consumer with a group and no topics. ALREADY_SUBSCRIBED.
   */
  createMessageStreams(topic: string, n: number): Promise<MessageStream[]>;
  /** Commits what was processed, leaves the group, ends all iterations. Idempotent. */
  close(): Promise<void>;
}
