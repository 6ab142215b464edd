import type { Assignor, GroupBackend, TopicPartition } from '@millrace/coordination';
import type { Decoder, Offset, RecordHeader } from '@millrace/record';

/** A record as consumed. `key`, `value` and header values are views of what was fetched: copy what outlives the next record. */
export interface ConsumerRecord<Key = Buffer | null, Value = Buffer | null> extends TopicPartition {
  readonly offset: Offset;
  /** ms since the epoch. */
  readonly timestamp: number;
  readonly headers: readonly RecordHeader[];
  readonly key: Key;
  readonly value: Value;
  /** Aborts when the partition is taken away: stop working on it, another does so now. One for each claim, not for each record. */
  readonly signal: AbortSignal;
}

/** Where to begin. */
export type From = 'earliest' | 'latest' | { readonly timestamp: number };

/**
 * The reset policy: where to go on when what comes next is gone, deleted by retention. `none`: readers are told
 * (OFFSET_OUT_OF_RANGE), and decide with `seek`.
 */
export type OutOfRange = 'earliest' | 'latest' | 'none';

interface CommonOptions<Key, Value> {
  /** Default: the bytes. */
  key?: Decoder<Key>;
  value?: Decoder<Value>;
  /** Where nothing was committed. `earliest` */
  from?: From;
  /** Where to go on when what comes next is gone; the log tells what was skipped. `none` */
  outOfRange?: OutOfRange;
  /** Closes the consumer, as `close` does. */
  signal?: AbortSignal;
  /** A fetch is answered once so many bytes are there. 1 */
  minBytes?: number;
  /** … or so much time has passed. 500 ms */
  maxWaitMs?: number;
  /** Of what is fetched and not consumed yet, over all partitions. 16 MiB */
  bufferedBytes?: number;
}

/** A member of a group: its partitions are shared out, its offsets kept. */
export interface GroupOptions {
  group: string;
  /** Names, or a pattern that new topics may match later. A topic that is not there is waited for; the log names the closest. Left out: `createMessageStreams` says it. */
  topics?: readonly string[] | RegExp;
  /** Where its members meet. Default: what the cluster says, its registry or a coordinator. */
  backend?: GroupBackend;
  /** Range. */
  assignor?: Assignor;
  /** How often what was processed is committed; false: only `commit` does. 5 s */
  autoCommitMs?: number | false;
}

/** No group: the caller names the partitions and owns its offsets. */
export interface PartitionsOptions {
  partitions: readonly (TopicPartition & { readonly from?: Offset | From })[];
}

export type ConsumerOptions<Key = Buffer | null, Value = Buffer | null> = CommonOptions<Key, Value> &
  (GroupOptions | PartitionsOptions);

/** How a consumer fetches, every choice made. */
export interface FetchConfig {
  readonly minBytes: number;
  readonly maxWaitMs: number;
  readonly bufferedBytes: number;
  /** Of one partition, in one answer; and what may lie unread of one partition before it is left out. */
  readonly partitionBytes: number;
  readonly retryBackoffMs: number;
  readonly outOfRange: OutOfRange;
}

export const defaultFetchConfig: FetchConfig = Object.freeze({
  minBytes: 1,
  maxWaitMs: 500,
  bufferedBytes: 16 * 1024 * 1024,
  partitionBytes: 1024 * 1024,
  retryBackoffMs: 50,
  outOfRange: 'none',
});

/** `defaultFetchConfig` with what the caller chose. */
export function fetchConfigOf({
  minBytes,
  maxWaitMs,
  bufferedBytes,
  outOfRange,
}: Pick<
  CommonOptions<unknown, unknown>,
  'minBytes' | 'maxWaitMs' | 'bufferedBytes' | 'outOfRange'
>): FetchConfig {
  return {
    ...defaultFetchConfig,
    ...(minBytes === undefined ? {} : { minBytes }),
    ...(maxWaitMs === undefined ? {} : { maxWaitMs }),
    ...(bufferedBytes === undefined ? {} : { bufferedBytes }),
    ...(outOfRange === undefined ? {} : { outOfRange }),
  };
}

export const defaultAutoCommitMs = 5_000;

/** For so long a consumer of named partitions looks where they begin, before its readers are told what is wrong. */
export const startTimeoutMs = 30_000;

/** RangeError for what is no offset. */
export function checkOffset(offset: number): void {
  if (!Number.isSafeInteger(offset) || offset < 0)
    throw new RangeError(`${offset} is no offset: a whole number from 0 on is`);
}
