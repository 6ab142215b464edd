import type { Io } from './io.ts';

/** What each verb is told beside its arguments. */
export interface VerbContext {
  readonly io: Io;
  /** Errors and logs in full. */
  readonly isDebug: boolean;
}

/** Called with the exit code of the verb that ran. */
export type Finish = (code: number) => void;
