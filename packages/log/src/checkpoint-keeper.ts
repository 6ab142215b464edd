import type { Offset } from '@millrace/record';
import type { Timer, World } from '@millrace/runtime';
import type { Checkpoints } from './checkpoint.ts';
import { reasonOf } from './errors.ts';
import type { FlushJob, FlushScheduler } from './flush-scheduler.ts';
import type { LeaderEpoch, LeaderEpochs } from './leader-epochs.ts';

/** How long a checkpoint may lag behind the flush that moved it. */
const delayMs = 1000;

/** What the keeper needs from the log whose checkpoints it keeps. */
export interface KeptLog {
  readonly path: string;
  readonly epochs: LeaderEpochs;
  /** Below it nothing needs to be checked at the next opening. */
  readonly recoveryPoint: Offset;
}

/**
 * Writes the recovery point a second after a flush moved it, and the leader epochs before it, since recovery rebuilds
 * epochs only from what lies beyond. A checkpoint that cannot be written costs time at the next opening, no data: it is
 * logged and written again after the next flush.
 */
export class CheckpointKeeper implements FlushJob {
  readonly #log: KeptLog;
  readonly #checkpoints: Checkpoints;
  readonly #scheduler: FlushScheduler;
  readonly #world: World;
  #timer: Timer | undefined;
  #recoveryPoint: Offset | undefined;
  #epochs: readonly LeaderEpoch[] | undefined;
  #stopped = false;
  #writes: Promise<void> = Promise.resolve();

  /** `onDisk`: what the files hold now; undefined for a file that is missing or damaged. */
  constructor(
    log: KeptLog,
    checkpoints: Checkpoints,
    scheduler: FlushScheduler,
    world: World,
    onDisk: { recoveryPoint: Offset | undefined; epochs: readonly LeaderEpoch[] | undefined },
  ) {
    this.#log = log;
    this.#checkpoints = checkpoints;
    this.#scheduler = scheduler;
    this.#world = world;
    this.#recoveryPoint = onDisk.recoveryPoint;
    this.#epochs = onDisk.epochs;
  }

  flushedMoved(): void {
    if (this.#stopped) return;
    this.#timer ??= this.#world.clock.after(delayMs, () => this.#scheduler.request(this, false));
  }

  async run(): Promise<void> {
    this.#timer = undefined;
    if (this.#stopped) return;
    try {
      await this.write();
    } catch (error) {
      this.#world.logger.warn(
        { path: this.#log.path, error: reasonOf(error) },
        'the recovery point could not be written; opening after a crash will take longer',
      );
    }
  }

  /** Writes now what differs from the files, the epochs first. */
  write(): Promise<void> {
    return this.#inTurn(async () => {
      const point = this.#log.recoveryPoint;
      await this.#writeEpochs();
      if (point === this.#recoveryPoint) return;
      await this.#checkpoints.writeRecoveryPoint(point);
      this.#recoveryPoint = point;
    });
  }

  /** Writes the leader epochs alone; durable on return. */
  writeEpochs(): Promise<void> {
    return this.#inTurn(() => this.#writeEpochs());
  }

  /** No write begins by itself after this, and none is under way when it resolves. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#writes;
  }

  async #writeEpochs(): Promise<void> {
    const { entries } = this.#log.epochs;
    if (entries === this.#epochs) return;
    await this.#checkpoints.writeLeaderEpochs(entries);
    this.#epochs = entries;
  }

  /** One write at a time: two would race for the same temporary file. A failure is the failing caller's alone. */
  #inTurn(write: () => Promise<void>): Promise<void> {
    const mine = this.#writes.then(write);
    this.#writes = mine.catch(() => undefined);
    return mine;
  }
}
