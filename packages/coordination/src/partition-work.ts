import type { Offset } from '@millrace/record';
import { Claiming } from './claiming.ts';
import type { MemberContext } from './member-context.ts';
import type { Share } from './next-assignment.ts';
import type { Ownership } from './ownership.ts';
import { paths } from './paths.ts';

/** What the work on one partition needs from its member. */
export interface WorkHost {
  generation(): number;
  readAssignment(): Promise<void>;
  /** The partition was claimed, lost or let go, or the work waits for another. */
  onChange(): void;
  onIdle(): void;
}

/** One period in which the partition is to be mine. */
interface Wish {
  readonly unwanted: AbortController;
  /** What was processed when it ended. */
  processed: Promise<Offset | undefined>;
}

/**
 * What a member does about one partition, one thing after the other: claims it while it is wanted, again when it was
 * fenced off, and releases it when it is not wanted any more.
 */
export class PartitionWork {
  readonly share: Share;
  readonly #context: MemberContext;
  readonly #host: WorkHost;
  #wish: Wish | undefined;
  #claiming: Claiming | undefined;
  #waiting = false;
  #running = false;
  #ownership: Ownership | undefined;
  #idle: Promise<void> = Promise.resolve();

  constructor(context: MemberContext, share: Share, host: WorkHost) {
    this.#context = context;
    this.share = share;
    this.#host = host;
  }

  get wanted(): boolean {
    return this.#wish !== undefined;
  }

  get ownership(): Ownership | undefined {
    return this.#ownership;
  }

  /** Whether all that can be done now is done: it is mine, or another has to let go first, or it is not wanted. */
  get settled(): boolean {
    return this.#wish === undefined || this.#waiting || this.#ownership?.held === true;
  }

  /** Resolves when nothing goes on here any more. */
  get idle(): Promise<void> {
    return this.#idle;
  }

  want(): void {
    if (this.#wish !== undefined) return;
    this.#wish = {
      unwanted: new AbortController(),
      processed: Promise.resolve(undefined),
    };
    if (this.#running) return;
    this.#running = true;
    this.#context.run(() => {
      const run = this.#run();
      this.#idle = run.catch(() => {});
      return run;
    });
  }

  /** Hands out nothing from now on; releases once it is known what was processed. */
  letGo(processed: Promise<Offset | undefined>): void {
    const wish = this.#wish;
    if (wish === undefined) return;
    this.#wish = undefined;
    wish.processed = processed;
    this.#ownership?.stop();
    wish.unwanted.abort();
  }

  /** The session is over: drops everything without writing. */
  drop(): void {
    this.#ownership?.lose();
    this.letGo(Promise.resolve(undefined));
  }

  /** The assignment changed. */
  lookAgain(): void {
    this.#claiming?.lookAgain();
  }

  async #run(): Promise<void> {
    while (this.#wish !== undefined) {
      const wish = this.#wish;
      const ownership = await this.#claim(wish);
      if (ownership !== undefined) await this.#own(ownership, wish);
    }
    this.#running = false;
    this.#host.onIdle();
  }

  async #claim(wish: Wish): Promise<Ownership | undefined> {
    this.#claiming = new Claiming(this.#context, {
      share: this.share,
      unwanted: wish.unwanted.signal,
      generation: () => this.#host.generation(),
      readAssignment: () => this.#host.readAssignment(),
      onWaiting: () => {
        this.#waiting = true;
        this.#host.onChange();
      },
    });
    try {
      return await this.#claiming.run();
    } finally {
      this.#waiting = false;
      this.#claiming = undefined;
    }
  }

  async #own(ownership: Ownership, wish: Wish): Promise<void> {
    const { unwanted } = wish;
    if (this.#context.over.aborted) ownership.lose();
    if (unwanted.signal.aborted) ownership.stop();
    this.#ownership = ownership;
    this.#host.onChange();

    await this.#holdUntil(ownership, unwanted.signal);
    if (unwanted.signal.aborted) await ownership.release(await wish.processed);
    this.#ownership = undefined;
    this.#host.onChange();
  }

  /** While the partition is mine its node is watched: whoever sets it from outside, a tool that seeks, fences me. */
  async #holdUntil(ownership: Ownership, unwanted: AbortSignal): Promise<void> {
    const { registry, group } = this.#context;
    const path = paths.offset(group, this.share.topicId, this.share.partition);
    const holding = new AbortController();
    const stop = (): void => holding.abort();
    unwanted.addEventListener('abort', stop, { once: true });
    if (unwanted.aborted) stop();
    const ended = ownership.ended.then(stop);
    try {
      for await (const _ of registry.watch(path, holding.signal)) await ownership.check();
    } finally {
      unwanted.removeEventListener('abort', stop);
    }
    // A session that is over ends the watch first.
    this.#context.over.throwIfAborted();
    if (!unwanted.aborted) await ended;
  }
}
