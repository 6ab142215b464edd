import type { Timer, World } from '@millrace/runtime';
import { isCompacted, type LogConfig } from '../config.ts';
import { reasonOf } from '../errors.ts';
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
 * compacted or for its delete horizon. A run that fails is logged, and tried again with the next look.
 */
export class CompactionSchedule {
  readonly #log: ScheduledLog;
  readonly #compactor: Compactor;
  readonly #world: World;
  #timer: Timer | undefined;
  #stopped = false;

  constructor(log: ScheduledLog, compactor: Compactor, world: World) {
    this.#log = log;
    this.#compactor = compactor;
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

  async #look(): Promise<void> {
    try {
      if (this.#stopped || this.#log.failure !== undefined || !isCompacted(this.#log.config)) return;
      if ((await this.#compactor.isDue()) && !this.#stopped) await this.#compactor.compact();
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
