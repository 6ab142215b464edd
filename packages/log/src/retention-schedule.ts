import type { Timer, World } from '@millrace/runtime';
import { isDeletedByRetention, type LogConfig } from './config.ts';
import { reasonOf } from './errors.ts';
import type { Retention } from './retention.ts';

/** Kafka's `log.retention.check.interval.ms`. */
const longestMs = 5 * 60_000;
const shortestMs = 1_000;

/** What the schedule needs from the log that it looks after. */
export interface ScheduledLog {
  readonly path: string;
  readonly config: LogConfig;
  readonly failure: Error | undefined;
}

/**
 * Applies a log's retention from time to time: more often where less is kept, every five minutes at least, and where its
 * bytes are bounded a second after a segment was sealed. Holds no process.
 */
export class RetentionSchedule {
  readonly #log: ScheduledLog;
  readonly #retention: Retention;
  readonly #world: World;
  #timer: Timer | undefined;
  #stopped = false;
  #looking = false;
  /** A segment was sealed since the last look began. */
  #grown = false;
  #running: Promise<void> = Promise.resolve();

  constructor(log: ScheduledLog, retention: Retention, world: World) {
    this.#log = log;
    this.#retention = retention;
    this.#world = world;
  }

  /** The configuration may have changed. */
  arm(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const { config, failure } = this.#log;
    if (this.#stopped || failure !== undefined || !isDeletedByRetention(config)) return;
    const ms = this.#grown ? shortestMs : intervalMs(config);
    this.#timer = this.#world.clock.after(ms, () => {
      this.#running = this.#look();
    });
  }

  /** There may be more bytes now than are kept. */
  segmentSealed(): void {
    if (this.#grown || this.#log.config.retentionBytes < 0) return;
    this.#grown = true;
    if (!this.#looking) this.arm();
  }

  /** None begins after this, and none is under way when it resolves. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#running;
  }

  async #look(): Promise<void> {
    const { logger } = this.#world;
    const { path } = this.#log;
    this.#looking = true;
    this.#grown = false;
    try {
      const { segments, bytes } = await this.#retention.apply();
      if (segments > 0) logger.info({ path, segments, bytes }, 'retention deleted the oldest segments');
    } catch (error) {
      logger.warn({ path, error: reasonOf(error) }, 'retention failed and will be tried again');
    }
    this.#looking = false;
    this.arm();
  }
}

function intervalMs({ retentionMs }: LogConfig): number {
  if (retentionMs < 0) return longestMs;
  return Math.min(longestMs, Math.max(shortestMs, retentionMs / 10));
}
