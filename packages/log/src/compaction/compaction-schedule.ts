import type { Timer, World } from '@millrace/runtime';
import { isCompacted, type LogConfig } from '../config.ts';
import { reasonOf } from '../errors.ts';
import type { CompactionTurns } from './compaction-turns.ts';
import type { Compactor } from './compactor.ts';

/** Kafka's `log.cleaner.backoff.ms`. */
const lookAgainMs = 15_000;

/** What the schedule needs from the log that it looks after. */
export interface ScheduledLog {
  readonly path: string;
  readonly config: LogConfig;
  readonly failure: Error | undefined;
}

/**
 * Lets a log compact itself: looks some time after a segment was sealed, and again as long as anything waits to be
 * compacted or for its delete horizon, and runs when it is the log's turn in its directory. A run that fails is logged,
 * and tried again with the next look.
 */
export class CompactionSchedule {
  readonly #log: ScheduledLog;
  readonly #compactor: Compactor;
  readonly #turns: CompactionTurns;
  readonly #world: World;
  #timer: Timer | undefined;
  #stopped = false;

  constructor(log: ScheduledLog, compactor: Compactor, turns: CompactionTurns, world: World) {
    this.#log = log;
    this.#compactor = compactor;
    this.#turns = turns;
    this.#world = world;
  }

  /** Something may have come up that can be compacted. */
  arm(): void {
    if (this.#stopped || this.#timer !== undefined || !isCompacted(this.#log.config)) return;
    this.#timer = this.#world.clock.after(lookAgainMs, () => void this.#look());
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  get #mayRun(): boolean {
    return !this.#stopped && this.#log.failure === undefined && isCompacted(this.#log.config);
  }

  async #look(): Promise<void> {
    try {
      if (!this.#mayRun || !(await this.#compactor.isDue())) return;
      await this.#turns.take(async () => {
        if (this.#mayRun) await this.#compactor.compact();
      });
    } catch (error) {
      this.#world.logger.warn(
        { path: this.#log.path, error: reasonOf(error) },
        'compaction failed and will be tried again',
      );
    } finally {
      this.#timer = undefined;
      if (this.#log.failure === undefined && this.#compactor.mayBecomeDue) this.arm();
    }
  }
}
