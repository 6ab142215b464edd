import type { Clock } from './clock.ts';
import type { FileSystem } from './file-system.ts';
import type { Logger } from './logger.ts';
import type { Random } from './random.ts';

/**
 * All that a program takes from outside, one per broker or client; the last parameter of every create, open and start.
 * `nodeWorld` from `@millrace/runtime/node` is the real one, `testWorld(seed)` from `@millrace/runtime/testing` a manual one.
 */
export interface World {
  readonly clock: Clock;
  readonly files: FileSystem;
  readonly random: Random;
  readonly host: Host;
  readonly logger: Logger;
}

/** The machine and the process. */
export interface Host {
  /** As others may find the machine; a name without dots is known in its own network at best. */
  readonly name: string;
  readonly pid: number;
  /** Changes with each boot of the machine: what was not flushed before may be gone. */
  readonly bootId: string;
  processAlive(pid: number): boolean;
  /** Bytes free for this process on the disk that holds `path`. */
  freeBytes(path: string): Promise<number>;
}
