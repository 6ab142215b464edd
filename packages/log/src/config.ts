import type { LogOptions } from './log.ts';

export type LogConfig = Readonly<Required<Omit<LogOptions, 'identity'>>>;

/** Positions in a segment are int32 on disk. */
export const largestPosition = 0x7fff_ffff;

export const defaultLogOptions: LogConfig = Object.freeze({
  segmentBytes: 1024 * 1024 * 1024,
  indexIntervalBytes: 4096,
  maxBatchBytes: 1024 * 1024 + 64 * 1024,
  flush: Object.freeze({ everyMs: 0 }),
});

/** `options` over `base`; an option that is undefined changes nothing. RangeError names the option that makes no sense. */
export function resolveLogOptions(options: LogOptions, base: LogConfig): LogConfig {
  const config = {
    segmentBytes: options.segmentBytes ?? base.segmentBytes,
    indexIntervalBytes: options.indexIntervalBytes ?? base.indexIntervalBytes,
    maxBatchBytes: options.maxBatchBytes ?? base.maxBatchBytes,
    flush: { everyMs: options.flush?.everyMs ?? base.flush.everyMs },
  };
  check('segmentBytes', config.segmentBytes, 1, largestPosition);
  check('indexIntervalBytes', config.indexIntervalBytes, 0, largestPosition);
  check('maxBatchBytes', config.maxBatchBytes, 61, largestPosition);
  check('flush.everyMs', config.flush.everyMs, 0, largestPosition);
  return config;
}

function check(name: string, value: number, least: number, most: number): void {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new RangeError(`${name} is ${value}, but must be a whole number from ${least} to ${most}`);
  }
}
