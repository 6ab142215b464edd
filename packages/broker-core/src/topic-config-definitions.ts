import { defaultLogOptions, type LogOptions } from '@millrace/log';
import { amountOrUnlimited, type ConfigValue, listAmong, ratio, wholeNumber } from './config-value.ts';

/** What a broker's logs have by default. */
export type LogDefaults = Omit<LogOptions, 'identity'>;

/** What holds for the logs of a topic. */
export type TopicSettings = Required<LogDefaults>;

/** One name that is acted upon. */
export interface Definition {
  readonly name: string;
  readonly documentation: string;
  /** For people: which values. */
  readonly takes: string;
  /** What these options say of it, as it is written; undefined: nothing. */
  readonly shownOf: (options: LogDefaults) => string | undefined;
  /** The text as it is always written, undefined for one that it does not take. */
  readonly written: (text: string) => string | undefined;
  /** The settings with this text, which it takes. */
  readonly apply: (text: string, settings: TopicSettings) => TopicSettings;
}

const largest = 2 ** 31 - 1;
/** 142,000 years: beyond, a time added to the clock's would not be a whole number any more. */
const longestMs = 2 ** 52;
const dayMs = 24 * 60 * 60 * 1000;

/**
 * For topics that say nothing and brokers that say nothing: what a log has by itself, but that records go after seven
 * days, which is what people expect of a broker (Kafka's `log.retention.hours` is 168).
 */
export const topicDefaults: TopicSettings = Object.freeze({
  ...defaultLogOptions,
  retentionMs: 7 * dayMs,
  flush: Object.freeze({ everyMs: 0, everyRecords: largest }),
});

/** Every name that is acted upon, and no other; the names are Kafka's. */
export const definitions: readonly Definition[] = [
  define(
    'cleanup.policy',
    listAmong<TopicSettings['cleanupPolicy']>(['delete', 'compact', 'compact,delete']),
    {
      documentation:
        'how old records go: `delete` by age and size, `compact` keeps the newest of each key, and then every record needs one',
      get: ({ cleanupPolicy }) => cleanupPolicy,
      set: (cleanupPolicy) => ({ cleanupPolicy }),
    },
  ),
  define('retention.ms', amountOrUnlimited(longestMs), {
    documentation: 'a segment goes once its youngest record is older than this, in ms',
    get: ({ retentionMs }) => retentionMs,
    set: (retentionMs) => ({ retentionMs }),
  }),
  define('retention.bytes', amountOrUnlimited(Number.MAX_SAFE_INTEGER), {
    documentation: 'the oldest segments of a partition go while the others hold at least so much',
    get: ({ retentionBytes }) => retentionBytes,
    set: (retentionBytes) => ({ retentionBytes }),
  }),
  define('segment.bytes', wholeNumber(1024, largest), {
    documentation: 'a new segment file is begun beyond this size',
    get: ({ segmentBytes }) => segmentBytes,
    set: (segmentBytes) => ({ segmentBytes }),
  }),
  define('segment.ms', wholeNumber(1, longestMs), {
    documentation: 'a new segment file is begun when a record is so much younger than the first one, in ms',
    get: ({ segmentMs }) => segmentMs,
    set: (segmentMs) => ({ segmentMs }),
  }),
  define('delete.retention.ms', wholeNumber(0, longestMs), {
    documentation: 'how long a tombstone stays after it was compacted, in ms',
    get: ({ deleteRetentionMs }) => deleteRetentionMs,
    set: (deleteRetentionMs) => ({ deleteRetentionMs }),
  }),
  define('min.compaction.lag.ms', wholeNumber(0, longestMs), {
    documentation: 'records younger than this are not compacted, in ms',
    get: ({ minCompactionLagMs }) => minCompactionLagMs,
    set: (minCompactionLagMs) => ({ minCompactionLagMs }),
  }),
  define('min.cleanable.dirty.ratio', ratio, {
    documentation: 'compaction begins once this share of the sealed bytes was not compacted yet',
    get: ({ minCleanableDirtyRatio }) => minCleanableDirtyRatio,
    set: (minCleanableDirtyRatio) => ({ minCleanableDirtyRatio }),
  }),
  define('max.message.bytes', wholeNumber(1024, 100 * 1024 * 1024), {
    documentation: 'the largest record batch that is taken',
    get: ({ maxBatchBytes }) => maxBatchBytes,
    set: (maxBatchBytes) => ({ maxBatchBytes }),
  }),
  define('index.interval.bytes', wholeNumber(1, largest), {
    documentation: 'the offset index gets an entry every so many bytes',
    get: ({ indexIntervalBytes }) => indexIntervalBytes,
    set: (indexIntervalBytes) => ({ indexIntervalBytes }),
  }),
  define('flush.ms', wholeNumber(0, largest), {
    documentation: 'how long a flush that nobody waits for may be put off, in ms',
    get: ({ flush }) => flush?.everyMs,
    set: (everyMs, { flush }) => ({ flush: { ...flush, everyMs } }),
  }),
  define('flush.messages', wholeNumber(1, largest), {
    documentation: 'a flush that `flush.ms` puts off begins sooner when so many records wait for it',
    get: ({ flush }) => flush?.everyRecords,
    set: (everyRecords, { flush }) => ({ flush: { ...flush, everyRecords } }),
  }),
];

/** Kafka's other names for topics (as of 4.1): nothing here would act upon them. */
export const namesOfKafkaAlone: ReadonlySet<string> = new Set([
  'compression.gzip.level',
  'compression.lz4.level',
  'compression.type',
  'compression.zstd.level',
  'file.delete.delay.ms',
  'follower.replication.throttled.replicas',
  'leader.replication.throttled.replicas',
  'local.retention.bytes',
  'local.retention.ms',
  'max.compaction.lag.ms',
  'message.timestamp.after.max.ms',
  'message.timestamp.before.max.ms',
  'message.timestamp.type',
  'min.insync.replicas',
  'preallocate',
  'remote.storage.enable',
  'segment.index.bytes',
  'segment.jitter.ms',
  'unclean.leader.election.enable',
]);

interface Meaning<Value> {
  readonly documentation: string;
  readonly get: (options: LogDefaults) => Value | undefined;
  readonly set: (value: Value, settings: TopicSettings) => LogDefaults;
}

/** Hides what kind of value it is: from outside all are texts. */
function define<Value>(
  name: string,
  { takes, read, write }: ConfigValue<Value>,
  { documentation, get, set }: Meaning<Value>,
): Definition {
  return {
    name,
    documentation,
    takes,
    shownOf: (options) => {
      const value = get(options);
      return value === undefined ? undefined : write(value);
    },
    written: (text) => {
      const value = read(text);
      return value === undefined ? undefined : write(value);
    },
    apply: (text, settings) => {
      const value = read(text);
      return value === undefined ? settings : { ...settings, ...set(value, settings) };
    },
  };
}
