import type { Clock } from './clock.ts';
import type { FileSystem } from './file-system.ts';
import type { Random } from './random.ts';

export interface MemoryFileSystemOptions {
  clock?: Clock;
  random?: Random;
}
export interface MemoryFileSystem extends FileSystem {
  /** The disk after a power cut: a copy that kept what was synced and a random part of the rest; without locks. */
  crash(random: Random): MemoryFileSystem;
  /** Makes the next call of this kind fail. */
  failNext(
    operation: 'append' | 'sync' | 'open' | 'read' | 'truncate' | 'rename' | 'syncDirectory',
    error: Error,
  ): void;
}
export declare function memoryFileSystem(options?: MemoryFileSystemOptions): MemoryFileSystem;
