// For users: open a log, or a directory of them.
export { defaultLogOptions } from './config.ts';
export type { LogErrorCode } from './errors.ts';
export type { Appended, Log, LogOptions, LogSlice, RecordsOptions } from './log.ts';
export type { LogDirectory } from './log-directory.ts';
export { openLog } from './open-log.ts';
export { openLogDirectory } from './open-log-directory.ts';
