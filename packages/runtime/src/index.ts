// What every package takes from outside.
export type { ByteRange } from './byte-range.ts';
export type { Clock, Timer } from './clock.ts';
export { CodedError, type CodedErrorOptions, codeOf, type ErrorDetails, hasCode } from './coded-error.ts';
export type { FileLock, FileSystem, LockNotes, OpenFile, OpenMode } from './file-system.ts';
export { type Logger, silentLogger } from './logger.ts';
export {
  type MemoryFileSystem,
  type MemoryFileSystemOptions,
  memoryFileSystem,
} from './memory-file-system.ts';
export { type Random, systemRandom } from './random.ts';
export { systemClock } from './system-clock.ts';
export type { Host, World } from './world.ts';
