import type { LogOptions } from './log.ts';

export type LogConfig = Readonly<Required<Omit<LogOptions, 'identity'>>>;

/** Positions in a segment are int32 on disk. */
export const largestPosition = 0x7fff_ffff;

export const defaultLogOptions: LogConfig = Object.freeze({
  segmentBytes: 1024 * 1024 * 1024,
  segmentMs: 7 * 24 * 60 * 60 * 1000,
  indexIntervalBytes: 4096,
  maxBatchBytes: 1024 * 1024 + 64 * 1024,
  flush: Object.freeze({ everyMs: 0 }),
  retentionMs: -1,
  retentionBytes: -1,
  cleanupPolicy: 'delete',
  deleteRetentionMs: 24 * 60 * 60 * 1000,
  minCompactionLagMs: 0,
  minCleanableDirtyRatio: 0.5,
  compactionMemoryBytes: 128 * 1024 * 1024,
});
const cleanupPolicies: readonly string[] = ['delete', 'compact', 'compact,delete'];
/** A time of the clock plus this is a number that a batch can hold. */
const longestMs = 2 ** 52;

/** `options` over `base`; an option that is undefined changes nothing. RangeError names the option that makes no sense. */
export function resolveLogOptions(options: LogOptions, base: LogConfig): LogConfig {
  const config = {
    segmentBytes: options.segmentBytes ?? base.segmentBytes,
    segmentMs: options.segmentMs ?? base.segmentMs,
    indexIntervalBytes: options.indexIntervalBytes ?? base.indexIntervalBytes,
    maxBatchBytes: options.maxBatchBytes ?? base.maxBatchBytes,
    flush: options.flush ?? base.flush,
    retentionMs: options.retentionMs ?? base.retentionMs,
    retentionBytes: options.retentionBytes ?? base.retentionBytes,
    cleanupPolicy: options.cleanupPolicy ?? base.cleanupPolicy,
    deleteRetentionMs: options.deleteRetentionMs ?? base.deleteRetentionMs,
    minCompactionLagMs: options.minCompactionLagMs ?? base.minCompactionLagMs,
    minCleanableDirtyRatio: options.minCleanableDirtyRatio ?? base.minCleanableDirtyRatio,
    compactionMemoryBytes: options.compactionMemoryBytes ?? base.compactionMemoryBytes,
  };
  check('segmentBytes', config.segmentBytes, 1, largestPosition);
  check('indexIntervalBytes', config.indexIntervalBytes, 0, largestPosition);
  check('maxBatchBytes', config.maxBatchBytes, 61, largestPosition);
  check('segmentMs', config.segmentMs, 1, longestMs);
  check('flush.everyMs', config.flush.everyMs, 0, largestPosition);
  check('flush.everyRecords', config.flush.everyRecords ?? 1, 1, largestPosition);
  check('retentionMs', config.retentionMs, -1, longestMs);
  check('retentionBytes', config.retentionBytes, -1, Number.MAX_SAFE_INTEGER);
  check('deleteRetentionMs', config.deleteRetentionMs, 0, longestMs);
  check('minCompactionLagMs', config.minCompactionLagMs, 0, longestMs);
  check('compactionMemoryBytes', config.compactionMemoryBytes, 48, 2 ** 36);
  const ratio = config.minCleanableDirtyRatio;
  if (!(ratio >= 0 && ratio <= 1))
    throw new RangeError(`minCleanableDirtyRatio is ${ratio}, but must be from 0 to 1`);
  if (!cleanupPolicies.includes(config.cleanupPolicy)) {
    throw new RangeError(
      `cleanupPolicy is ${config.cleanupPolicy}, not one of ${cleanupPolicies.join(' | ')}`,
    );
  }
  return config;
}

/** Whether of each key only the newest record is kept. */
export function isCompacted(config: LogConfig): boolean {
  return config.cleanupPolicy !== 'delete';
}

/** Whether the oldest segments go by themselves. */
export function isDeletedByRetention(config: LogConfig): boolean {
  return config.cleanupPolicy !== 'compact' && (config.retentionMs >= 0 || config.retentionBytes >= 0);
}

function check(name: string, value: number, least: number, most: number): void {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new RangeError(`${name} is ${value}, but must be a whole number from ${least} to ${most}`);
  }
}
