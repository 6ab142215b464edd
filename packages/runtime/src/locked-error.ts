import { CodedError } from './coded-error.ts';
import type { LockNotes } from './file-system.ts';

/** Who holds a lock. */
export interface LockHolder {
  readonly pid: number;
  /** ms since the epoch. */
  readonly since: number;
  readonly notes: LockNotes;
}

/** LOCKED, for whoever finds the lock at `path` taken. */
export function lockedError(path: string, { pid, since, notes }: LockHolder): CodedError<'LOCKED'> {
  const time = new Date(since).toTimeString().slice(0, 8);
  return new CodedError('LOCKED', `${path}: already locked by pid ${pid} since ${time}`, {
    retriable: true,
    hint: 'stop that process, or use another directory',
    details: { ...notes, pid, since },
  });
}
