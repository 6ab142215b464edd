import { CompactionTurns } from './compaction/compaction-turns.ts';
import { FlushScheduler } from './flush-scheduler.ts';

/** What the logs of one directory do in turn: they have one disk, and one memory. */
export class SharedWork {
  readonly flushes = new FlushScheduler();
  readonly compactions = new CompactionTurns();
}
