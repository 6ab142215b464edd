// For users: open a log, or a directory of them.
export { defaultLogOptions } from './config.ts';
export type { LogErrorCode } from './errors.ts';
// For tools: look at a log without opening it.
export { type InspectOptions, inspectLog, type LogInspection, logsIn } from './inspect.ts';
export { batchesOfSegment, type InspectedBatch, type InspectedSegment } from './inspect-segment.ts';
export type {
  Appended,
  Compacted,
  Deleted,
  Log,
  LogHold,
  LogOptions,
  LogSlice,
  RecordsOptions,
} from './log.ts';
export type { LogDirectory } from './log-directory.ts';
export { openLog } from './open-log.ts';
export { openLogDirectory } from './open-log-directory.ts';
