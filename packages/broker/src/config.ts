import { inspect } from 'node:util';
import { closestName } from '@millrace/broker-core';
import type { OpenRegistry } from '@millrace/coordination';
import type { LogOptions } from '@millrace/log';
import type { BrokerApi, ListenerCodec } from '@millrace/protocol';
import * as z from 'zod/mini';
import { brokerError } from './errors.ts';

export interface BrokerConfig {
  /** Of this broker in its cluster. 1 */
  nodeId?: number;
  /** none: in memory, gone on stop. */
  dataDirectory?: string;
  /** none: this process only; host 127.0.0.1, port any, codec msgpackCodec(), name the codec's. */
  listeners?: readonly ListenerConfig[];
  /** Listen beyond loopback without authentication. false */
  insecure?: boolean;
  /** Default: an embedded one, a cluster of one. */
  registry?: OpenRegistry;
  /** What acks all waits for: `flushed` (default) survives a power cut, `process` the process only. */
  durability?: 'flushed' | 'process';
  /** With less room on the disk of `dataDirectory` no records are taken, until there is room again. 100 MB */
  minFreeDiskBytes?: number;
  /** What all connections together may hold: seven eighths for requests, of which one may take half, the rest for answers. 256 MiB */
  connectionMemoryBytes?: number;
  /** What a topic gets that a producer asked for and that is not there; false: nothing is made. 1 partition, 1 replica. */
  autoCreateTopics?: { partitions: number; replicas: number } | false;
  /** What holds for topics whose configuration says nothing else. Records go after 7 days; else the log's own defaults. */
  log?: Omit<LogOptions, 'identity'>;
  /** More questions it answers, e.g. a group coordinator's. */
  extraApis?: Partial<BrokerApi>;
}

export interface ListenerConfig {
  name?: string;
  host?: string;
  port?: number;
  /** What clients and other brokers are told. `host` and `port`; of a listener on all addresses in a cluster the machine's name. */
  advertised?: { host: string; port?: number };
  codec?: ListenerCodec;
}

/** Without a word from the caller. What is not named here has no default. */
export const brokerDefaults = Object.freeze({
  nodeId: 1,
  insecure: false,
  durability: 'flushed' as const,
  minFreeDiskBytes: 100_000_000,
  connectionMemoryBytes: 256 * 1024 * 1024,
  autoCreateTopics: Object.freeze({ partitions: 1, replicas: 1 }),
});

export const listenerDefaults = Object.freeze({ host: '127.0.0.1', port: 0 });

const largest = 2 ** 31 - 1;
/** Beyond, a time added to the clock's would not be a whole number any more. */
const longestMs = 2 ** 52;
const wholeNumber = (least: number, most: number) => {
  const error = `must be a whole number from ${least} to ${most}`;
  return z.int({ error }).check(z.minimum(least, { error }), z.maximum(most, { error }));
};
const text = z
  .string({ error: 'must be a text' })
  .check(z.minLength(1, { error: 'must not be an empty text' }));
const amountOrUnlimited = (most: number) => {
  const error = `must be a whole number from 0 to ${most}, or -1 for no limit`;
  return z.int({ error }).check(z.minimum(-1, { error }), z.maximum(most, { error }));
};
const flag = z.boolean({ error: 'must be true or false' });
const parts = z.custom((value) => typeof value === 'object' && value !== null, {
  error: 'must be an object',
});

const advertisedShape = { host: text, port: z.optional(wholeNumber(1, 65_535)) };
const listenerShape = {
  name: z.optional(text),
  host: z.optional(text),
  port: z.optional(wholeNumber(0, 65_535)),
  advertised: z.optional(z.strictObject(advertisedShape, { error: 'must be { host, port }' })),
  codec: z.optional(parts),
};
const autoCreateShape = { partitions: wholeNumber(1, 10_000), replicas: wholeNumber(1, 1) };
const flushShape = {
  everyMs: wholeNumber(0, largest),
  everyRecords: z.optional(wholeNumber(1, largest)),
};
const ratioError = { error: 'must be a number from 0 to 1' };
const logShape = {
  cleanupPolicy: z.optional(
    z.enum(['delete', 'compact', 'compact,delete'], {
      error: "must be 'delete', 'compact' or 'compact,delete'",
    }),
  ),
  retentionMs: z.optional(amountOrUnlimited(longestMs)),
  retentionBytes: z.optional(amountOrUnlimited(Number.MAX_SAFE_INTEGER)),
  segmentBytes: z.optional(wholeNumber(1024, largest)),
  segmentMs: z.optional(wholeNumber(1, longestMs)),
  deleteRetentionMs: z.optional(wholeNumber(0, longestMs)),
  minCompactionLagMs: z.optional(wholeNumber(0, longestMs)),
  minCleanableDirtyRatio: z.optional(
    z.number(ratioError).check(z.minimum(0, ratioError), z.maximum(1, ratioError)),
  ),
  compactionMemoryBytes: z.optional(wholeNumber(48, 2 ** 36)),
  indexIntervalBytes: z.optional(wholeNumber(1, largest)),
  maxBatchBytes: z.optional(wholeNumber(1024, largest)),
  flush: z.optional(z.strictObject(flushShape, { error: 'must be { everyMs, everyRecords }' })),
};
const brokerShape = {
  nodeId: z.optional(wholeNumber(0, largest)),
  dataDirectory: z.optional(text),
  listeners: z.optional(
    z.array(z.strictObject(listenerShape, { error: 'must be { host, port }' }), {
      error: 'must be a list of { host, port }',
    }),
  ),
  insecure: z.optional(flag),
  registry: z.optional(
    z.custom((value) => typeof value === 'function', { error: 'must be a function that opens a session' }),
  ),
  durability: z.optional(z.enum(['flushed', 'process'], { error: "must be 'flushed' or 'process'" })),
  minFreeDiskBytes: z.optional(wholeNumber(0, Number.MAX_SAFE_INTEGER)),
  connectionMemoryBytes: z.optional(wholeNumber(4 * 1024 * 1024, Number.MAX_SAFE_INTEGER)),
  autoCreateTopics: z.optional(
    z.union([z.literal(false), z.strictObject(autoCreateShape)], {
      error: 'must be false or { partitions: 1 to 10000, replicas: 1 }',
    }),
  ),
  log: z.optional(z.strictObject(logShape, { error: 'must be an object of log options' })),
  extraApis: z.optional(parts),
};
/** What checks a configuration; `config-json-schema.ts` shows it as data. */
export const brokerConfig = z.strictObject(brokerShape, { error: 'must be an object' });

/** The options that may stand at a place in the configuration. */
const optionsAt: { readonly [place: string]: object } = {
  '': brokerShape,
  listeners: listenerShape,
  'listeners.advertised': advertisedShape,
  log: logShape,
  'log.flush': flushShape,
};

/** INVALID_CONFIG says which option, what it is and what it must be; for an unknown one the closest that there is. */
export function checkConfig(config: BrokerConfig): void {
  const [issue] = brokerConfig.safeParse(config).error?.issues ?? [];
  if (issue === undefined) return;
  if (issue.code === 'unrecognized_keys') throw unknownOption(issue.path, issue.keys[0] ?? '');
  const name = issue.path.length === 0 ? 'the configuration' : placeOf(issue.path);
  const value = issue.path.reduce<unknown>(at, config);
  throw brokerError('INVALID_CONFIG', `${name} is ${inspect(value)}, but ${issue.message}`);
}

function unknownOption(path: readonly PropertyKey[], name: string): Error {
  const place = path.filter((part) => typeof part === 'string').join('.');
  const known = Object.keys(optionsAt[place] ?? {});
  const closest = closestName(name, known);
  return brokerError('INVALID_CONFIG', `there is no option '${placeOf([...path, name])}'`, {
    hint: closest === undefined ? `known are ${known.join(', ')}` : `did you mean '${closest}'?`,
  });
}

/** `listeners[0].port` */
function placeOf(path: readonly PropertyKey[]): string {
  return path
    .map((part, depth) =>
      typeof part === 'number' ? `[${part}]` : `${depth === 0 ? '' : '.'}${String(part)}`,
    )
    .join('');
}

function at(value: unknown, part: PropertyKey): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, part) : undefined;
}
