// Placeholder declarations: the package's owner replaces each by its implementation.
import type { World } from '@millrace/runtime';
import type { Log, LogOptions } from './log.ts';
import type { LogDirectory } from './log-directory.ts';

export type { Appended, Log, LogOptions, LogSlice, RecordsOptions } from './log.ts';
export type { LogDirectory } from './log-directory.ts';
export declare function openLog(directory: string, options?: LogOptions, world?: World): Promise<Log>;
/** LOCKED when another process has it. */
export declare function openLogDirectory(
  directory: string,
  defaults?: LogOptions,
  world?: World,
): Promise<LogDirectory>;
export declare const defaultLogOptions: Readonly<Required<Omit<LogOptions, 'identity'>>>;
export type LogErrorCode =
  | 'OFFSET_OUT_OF_RANGE'
  | 'RECORD_TOO_LARGE'
  | 'CORRUPT_MESSAGE'
  | 'OUT_OF_ORDER_SEQUENCE'
  | 'INVALID_PRODUCER_EPOCH'
  | 'LOG_FAILED'
  | 'LOG_CLOSED'
  | 'FOREIGN_LOG'
  | 'LOG_CORRUPT'
  | 'INVALID_NAME';
