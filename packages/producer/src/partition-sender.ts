import {
  type Cluster,
  isRetriable,
  type Leader,
  leaderMayHaveMoved,
  mayHaveBeenDone,
} from '@millrace/client';
import { stampProducer } from '@millrace/record';
import { codeOf, type Timer, type World } from '@millrace/runtime';
import type { Accumulator } from './accumulator.ts';
import type { ProducerConfig } from './config.ts';
import { deliveryTimedOut, producerClosed, producerError, refused } from './errors.ts';
import { PartitionRoute } from './partition-route.ts';
import type { BatchSender, ProducedPartition, ProduceRequests } from './produce-requests.ts';
import type { ProducerBatch } from './producer-batch.ts';

/**
 * Sends the batches of one partition in order, several in flight. After a failure it stops, waits until nothing is in
 * flight, and sends again what was not acknowledged, in the old order and under the old sequences: the broker knows
 * what it has already.
 *
 * OUT_OF_ORDER_SEQUENCE means "not written". For the first batch in line it means that something before it did not come
 * (it was given up, or refused), so this one and all behind it go again under a new epoch, which keeps out what may still
 * be on its way. Those of them are refused instead that are perhaps on their way themselves, behind one that was given up:
 * both might come before the new epoch does. INVALID_PRODUCER_EPOCH means that somebody else has the producer id: under a
 * new one goes what was certainly not written, the rest is refused.
 *
 * A batch without an answer at its deadline is given up too; an answer that comes later is not heard.
 */
export class PartitionSender implements BatchSender {
  readonly #place: { readonly topic: string; readonly partition: number };
  readonly #accumulator: Accumulator;
  readonly #requests: ProduceRequests;
  readonly #route: PartitionRoute;
  readonly #config: ProducerConfig;
  readonly #world: World;
  readonly #settled: (batch: ProducerBatch) => void;
  readonly #abort = new AbortController();
  readonly #inFlight = new Set<ProducerBatch>();
  #failed: { readonly batch: ProducerBatch; readonly error: unknown }[] = [];
  #sent = 0;
  /** Looking for a leader or an identity, or waiting to try again: nothing is sent meanwhile. */
  #preparing = false;
  /** What still gathers is to go as soon as there is room in flight. */
  #openIsDue = false;
  /** For the next deadline, while there are batches. */
  #deadline: Timer | undefined;

  /** `settled` hears of each batch that was acknowledged or given up. */
  constructor(
    place: { readonly topic: string; readonly partition: number },
    accumulator: Accumulator,
    context: {
      readonly cluster: Cluster;
      readonly config: ProducerConfig;
      readonly world: World;
      readonly requests: ProduceRequests;
    },
    settled: (batch: ProducerBatch) => void,
  ) {
    this.#place = place;
    this.#accumulator = accumulator;
    this.#requests = context.requests;
    this.#route = new PartitionRoute(place, context);
    this.#config = context.config;
    this.#world = context.world;
    this.#settled = settled;
  }

  /** Every batch that is not settled. */
  get batches(): readonly ProducerBatch[] {
    return [...this.#inFlight, ...this.#failed.map(({ batch }) => batch), ...this.#accumulator.batches];
  }

  /** Sends what may go now; what still gathers only if `alsoOpen`: then now, or once there is room in flight. */
  drain(alsoOpen: boolean): void {
    if (alsoOpen) this.#openIsDue = true;
    this.#watchDeadline();
    while (!this.#preparing && this.#failed.length === 0 && this.#hasRoomInFlight) {
      if (this.#accumulator.isEmpty) break;
      const { leader } = this.#route;
      if (leader === undefined) {
        void this.#prepare();
        return;
      }
      const batch = this.#accumulator.take(this.#openIsDue);
      if (batch === undefined) return;
      this.#send(batch, leader);
    }
    if (this.#accumulator.isEmpty) this.#openIsDue = false;
  }

  /** Gives everything up. */
  stop(): void {
    this.#abort.abort();
    for (const batch of this.batches)
      this.#giveUp(batch, producerClosed(batch.mayBeWritten || this.#inFlight.has(batch), this.#place));
    this.#inFlight.clear();
    this.#failed = [];
    while (this.#accumulator.take(true) !== undefined);
    this.#deadline?.cancel();
  }

  /** A broker knows the last few batches again: the oldest without an answer stays among them, even if later ones have theirs. */
  get #hasRoomInFlight(): boolean {
    const [oldest] = this.#inFlight;
    if (oldest === undefined) return true;
    if (this.#route.identity?.isKnown === false) return false;
    const { nextOrder } = this.#accumulator;
    const next = nextOrder === 0 ? this.#sent + 1 : nextOrder;
    return next - oldest.order < this.#config.maxInFlight;
  }

  #send(batch: ProducerBatch, leader: Leader): void {
    try {
      if (batch.attempts === 0)
        batch.stamped(this.#route.identity?.take(batch), (bytes, sequence) =>
          stampProducer(bytes, 0, sequence),
        );
    } catch (error) {
      // What cannot be compressed, for one. Those behind it go under another identity.
      this.#refuse(batch, error);
      return;
    }
    if (batch.order === 0) {
      this.#sent += 1;
      batch.order = this.#sent;
    }
    batch.attempts += 1;
    this.#inFlight.add(batch);
    this.#requests.add(leader.connection, batch, this);
  }

  /** What its request answered. */
  answered(batch: ProducerBatch, answer: ProducedPartition | undefined): void {
    if (answer === undefined && this.#config.acks !== 'none') {
      const message = `the broker answered without a word on ${this.#name}`;
      this.failed(batch, producerError('NETWORK_EXCEPTION', message, { details: this.#place }));
      return;
    }
    if (answer !== undefined && answer.error !== 'NONE') {
      const message = answer.message ?? `${this.#name} was refused: ${answer.error}`;
      this.failed(batch, producerError(answer.error, message, { details: this.#place }));
      return;
    }
    if (!this.#inFlight.delete(batch)) return;
    this.#route.worked();
    batch.acknowledge(answer?.baseOffset ?? -1);
    this.#settled(batch);
    this.#goOn();
  }

  /** Its request, or its part of it, failed. */
  failed(batch: ProducerBatch, error: unknown): void {
    if (!this.#inFlight.delete(batch)) return;
    if (mayHaveBeenDone(error)) batch.mayBeWritten = true;
    batch.lastError = error;
    this.#failed.push({ batch, error });
    this.#goOn();
  }

  #goOn(): void {
    if (this.#failed.length > 0) this.#recoverWhenQuiet();
    else this.drain(this.#config.lingerMs === 0);
    this.#watchDeadline();
  }

  #recoverWhenQuiet(): void {
    if (this.#inFlight.size > 0) return;
    const failed = this.#failed.sort((a, b) => a.batch.order - b.batch.order);
    const again: ProducerBatch[] = [];
    const before = this.#route.identity;
    const usurped = failed.find(({ error }) => isUsurped(error));
    if (usurped !== undefined) {
      this.#route.forgetIdentity();
      for (const batch of this.#accumulator.takeDoubtful()) this.#refuse(batch, usurped.error);
    }
    for (const { batch, error } of failed) {
      const isGap = codeOf(error) === 'OUT_OF_ORDER_SEQUENCE' && again.length === 0;
      if (usurped !== undefined && batch.mayBeWritten) this.#refuse(batch, usurped.error);
      else if (isGap && batch.mayBeWritten && this.#route.identity?.mayComeLate === true)
        this.#refuse(batch, error);
      else if (codeOf(error) === 'OUT_OF_ORDER_SEQUENCE') {
        if (isGap) this.#route.beginEpoch();
        again.push(batch);
      } else if (isRetriable(error) || isUsurped(error)) again.push(batch);
      else this.#refuse(batch, error);
    }
    if (failed.some(({ error }) => leaderMayHaveMoved(error))) this.#route.forgetLeader();
    this.#route.doubtIdentity();
    this.#failed = [];
    this.#accumulator.putBack(again);
    // Also what failed before these and waits for its turn.
    if (this.#route.identity !== before) for (const batch of this.#accumulator.batches) batch.attempts = 0;
    this.#expire();
    void this.#prepare();
  }

  /** Finds a leader and an identity, or gives up what waits when there will be none. */
  async #prepare(): Promise<void> {
    if (this.#preparing) return;
    this.#preparing = true;
    const lasting = await this.#route.prepare(this.#abort.signal);
    this.#preparing = false;
    if (this.#abort.signal.aborted) return;
    if (lasting !== undefined) this.#refuseAll(lasting);
    this.#expire();
    if (this.#route.leader !== undefined) this.drain(this.#config.lingerMs === 0);
    else if (!this.#accumulator.isEmpty) void this.#prepare();
    this.#watchDeadline();
  }

  #refuseAll(error: unknown): void {
    for (let batch = this.#accumulator.take(true); batch !== undefined; batch = this.#accumulator.take(true))
      this.#refuse(batch, error);
  }

  /** Gives up what has passed its deadline, wherever it is. */
  #expire(): void {
    const now = this.#world.clock.monotonic();
    const unanswered = [...this.#inFlight].filter(({ deadline }) => deadline <= now);
    for (const batch of unanswered) {
      this.#inFlight.delete(batch);
      batch.mayBeWritten = true;
      batch.lastError = undefined;
    }
    if (unanswered.length > 0) this.#route.forgetLeader();
    const failed = this.#failed.filter(({ batch }) => batch.deadline <= now).map(({ batch }) => batch);
    this.#failed = this.#failed.filter(({ batch }) => batch.deadline > now);
    const waiting = [...failed, ...this.#accumulator.expired(now)];
    for (const batch of waiting) batch.lastError = this.#route.hindrance ?? batch.lastError;
    for (const batch of [...unanswered, ...waiting]) {
      const what = `${this.#name} did not acknowledge a batch within ${this.#config.deliveryTimeoutMs} ms`;
      this.#giveUp(batch, deliveryTimedOut(what, batch.mayBeWritten, this.#place, batch.lastError));
    }
  }

  /** Sees to it that a timer runs as long as a batch waits, and no longer: it would keep the process alive. */
  #watchDeadline(): void {
    if (this.#inFlight.size === 0 && this.#failed.length === 0 && this.#accumulator.isEmpty) {
      this.#deadline?.cancel();
      this.#deadline = undefined;
      return;
    }
    if (this.#deadline !== undefined || this.#abort.signal.aborted) return;
    const { clock } = this.#world;
    const next = Math.min(...this.batches.map(({ deadline }) => deadline));
    this.#deadline = clock.after(Math.max(0, next - clock.monotonic()), () => {
      this.#deadline = undefined;
      this.#expire();
      this.#goOn();
    });
  }

  #refuse(batch: ProducerBatch, error: unknown): void {
    this.#giveUp(batch, refused(error, batch.mayBeWritten, this.#place));
  }

  #giveUp(batch: ProducerBatch, error: Error): void {
    if (batch.mayBeWritten) this.#route.leftBehind();
    batch.giveUp(error);
    this.#settled(batch);
  }

  get #name(): string {
    return `${this.#place.topic}-${this.#place.partition}`;
  }
}

function isUsurped(error: unknown): boolean {
  return codeOf(error) === 'INVALID_PRODUCER_EPOCH';
}
