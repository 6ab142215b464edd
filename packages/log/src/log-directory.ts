import type { Log, LogOptions } from './log.ts';

/**
 * Many logs in one directory, one lock against other processes, one flush scheduler (at most two flushes in flight,
 * waiters first).
 */
export interface LogDirectory extends AsyncDisposable {
  readonly path: string;
  /** Opens or creates; the same open log for the same name. FOREIGN_LOG, LOG_CORRUPT, INVALID_NAME. */
  open(name: string, options?: LogOptions): Promise<Log>;
  get(name: string): Log | undefined;
  /** Names of the logs on disk, open or not, sorted. */
  names(): Promise<string[]>;
  /** Closes the log and removes its files. */
  delete(name: string): Promise<void>;
  /** Tells others who find the directory locked (address, `stopping`). */
  annotateLock(notes: { readonly [name: string]: string | number }): Promise<void>;
  /** Closes all logs cleanly and releases the lock. Idempotent. */
  close(): Promise<void>;
}
