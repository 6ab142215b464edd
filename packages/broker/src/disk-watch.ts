import type { BrokerApi, ResponseOf } from '@millrace/protocol';
import type { Timer, World } from '@millrace/runtime';

const lookEveryMs = 1_000;
/** So many times the least is where people are told that it gets little. */
const warnFactor = 4;
/** Once it was too little, it is enough again when there is so much more: no refusing by turns. */
const recoverFactor = 1.25;

/**
 * Looks at the room on the disk. Before the disk is full, while registry and offsets can still be written, records are
 * refused, and taken again as soon as there is room; reading goes on.
 */
export class DiskWatch {
  readonly #directory: string;
  readonly #leastBytes: number;
  readonly #world: World;
  #freeBytes = Number.POSITIVE_INFINITY;
  #state: 'fine' | 'little' | 'refusing' = 'fine';
  #timer: Timer | undefined;
  #isStopped = false;
  #isBlind = false;

  constructor(directory: string, leastBytes: number, world: World) {
    this.#directory = directory;
    this.#leastBytes = leastBytes;
    this.#world = world;
  }

  /** Resolves after the first look. */
  async start(): Promise<void> {
    await this.#look();
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
  }

  /** Why no records are taken; undefined: they are. */
  get refusal(): string | undefined {
    if (this.#state !== 'refusing') return undefined;
    return `the disk of ${this.#directory} has ${inMegabytes(this.#freeBytes)} left, and records are taken from ${inMegabytes(this.#leastBytes * recoverFactor)} on`;
  }

  async #look(): Promise<void> {
    try {
      this.#freeBytes = await this.#world.host.freeBytes(this.#directory);
      this.#isBlind = false;
      this.#judge();
    } catch (error) {
      if (!this.#isBlind)
        this.#world.logger.warn({ error }, 'nobody can tell how much room is left on the disk');
      this.#isBlind = true;
    }
    if (!this.#isStopped)
      this.#timer = this.#world.clock.after(lookEveryMs, () => {
        void this.#look();
      });
  }

  #judge(): void {
    const [before, now] = [this.#state, this.#stateNow()];
    this.#state = now;
    if (now === before) return;
    const { logger } = this.#world;
    const facts = { directory: this.#directory, free: inMegabytes(this.#freeBytes) };
    if (now === 'refusing')
      logger.error(facts, 'the disk is nearly full: no records are taken until there is room');
    else if (before === 'refusing') logger.warn(facts, 'there is room on the disk again: records are taken');
    else if (now === 'little') logger.warn(facts, 'the disk gets full');
  }

  #stateNow(): 'fine' | 'little' | 'refusing' {
    const free = this.#freeBytes;
    const least = this.#state === 'refusing' ? this.#leastBytes * recoverFactor : this.#leastBytes;
    if (free < least) return 'refusing';
    const little = warnFactor * this.#leastBytes * (this.#state === 'fine' ? 1 : recoverFactor);
    return free < little ? 'little' : 'fine';
  }
}

/** The same, but for as long as the disk is nearly full every partition answers STORAGE_ERROR, which is tried again. */
export function refusingWhenFull(produce: BrokerApi['produce'], watch: DiskWatch): BrokerApi['produce'] {
  return (request, context) => {
    const message = watch.refusal;
    if (message === undefined) return produce(request, context);
    const answer: ResponseOf<'produce'> = {
      partitions: request.partitions.map(({ topic, partition }) => ({
        topic,
        partition,
        error: 'STORAGE_ERROR',
        message,
      })),
    };
    return Promise.resolve(answer);
  };
}

function inMegabytes(bytes: number): string {
  return `${Math.floor(bytes / 1e6)} MB`;
}
