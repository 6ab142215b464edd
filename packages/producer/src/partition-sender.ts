import { type Cluster, isRetriable, type Leader, leaderMayHaveMoved, retryDelayMs } from '@millrace/client';
import type { ResponseOf } from '@millrace/protocol';
import { stampProducer } from '@millrace/record';
import { codeOf, type World } from '@millrace/runtime';
import type { Accumulator } from './accumulator.ts';
import type { ProducerConfig } from './config.ts';
import { producerError } from './errors.ts';
import type { ProducerBatch } from './producer-batch.ts';
import { newIdentity, type PartitionIdentity } from './producer-identity.ts';

type ProducedPartition = ResponseOf<'produce'>['partitions'][number];

/**
 * Sends the batches of one partition in order, several in flight. After a failure it stops, waits until nothing is in
 * flight, and sends again what was not acknowledged, in the old order and under the old sequences: the broker knows
 * what it has already.
 *
 * OUT_OF_ORDER_SEQUENCE means "not written". For the first batch in line it means that something before it will never
 * come (it was given up, or refused), so this one and all behind it go again under a new identity.
 */
export class PartitionSender {
  readonly #place: { readonly topic: string; readonly partition: number };
  readonly #accumulator: Accumulator;
  readonly #cluster: Cluster;
  readonly #config: ProducerConfig;
  readonly #world: World;
  readonly #settled: (batch: ProducerBatch) => void;
  readonly #abort = new AbortController();
  readonly #inFlight = new Set<ProducerBatch>();
  #failed: { readonly batch: ProducerBatch; readonly error: unknown }[] = [];
  #failures = 0;
  #sent = 0;
  #leader: Leader | undefined;
  #identity: PartitionIdentity | undefined;
  /** Looking for a leader or an identity, or waiting to try again: nothing is sent meanwhile. */
  #preparing = false;

  /** `settled` hears of each batch that was acknowledged or given up. */
  constructor(
    place: { readonly topic: string; readonly partition: number },
    accumulator: Accumulator,
    context: { readonly cluster: Cluster; readonly config: ProducerConfig; readonly world: World },
    settled: (batch: ProducerBatch) => void,
  ) {
    this.#place = place;
    this.#accumulator = accumulator;
    this.#cluster = context.cluster;
    this.#config = context.config;
    this.#world = context.world;
    this.#settled = settled;
  }

  /** Every batch that is not settled. */
  get batches(): readonly ProducerBatch[] {
    return [...this.#inFlight, ...this.#failed.map(({ batch }) => batch), ...this.#accumulator.batches];
  }

  /** Sends what may go now; what still gathers only if `alsoOpen`. */
  drain(alsoOpen: boolean): void {
    while (!this.#preparing && this.#failed.length === 0 && this.#inFlight.size < this.#config.maxInFlight) {
      if (this.#accumulator.isEmpty) return;
      if (this.#leader === undefined || (this.#isIdempotent && this.#identity === undefined)) {
        void this.#prepare();
        return;
      }
      const batch = this.#accumulator.take(alsoOpen);
      if (batch === undefined) return;
      this.#send(batch, this.#leader);
    }
  }

  /** Gives everything up. */
  stop(error: Error): void {
    this.#abort.abort(error);
    for (const batch of this.batches) this.#giveUp(batch, error);
    this.#inFlight.clear();
    this.#failed = [];
  }

  get #isIdempotent(): boolean {
    return this.#config.acks === 'all';
  }

  #send(batch: ProducerBatch, leader: Leader): void {
    const first = batch.attempts === 0;
    if (first)
      batch.stamped(this.#identity?.take(batch), (bytes, sequence) => stampProducer(bytes, 0, sequence));
    if (batch.order === 0) {
      this.#sent += 1;
      batch.order = this.#sent;
    }
    batch.attempts += 1;
    this.#inFlight.add(batch);
    const { acks, requestTimeoutMs } = this.#config;
    // The bytes pass to the connection with the call; what may have to be sent again stays ours.
    const batches = acks === 'none' ? batch.bytes : Buffer.from(batch.bytes);
    leader.connection
      .call('produce', { acks, timeoutMs: requestTimeoutMs, partitions: [{ ...this.#place, batches }] })
      .then(
        (answer) => this.#answered(batch, answer.partitions[0]),
        (error: unknown) => this.#fail(batch, error),
      );
  }

  #answered(batch: ProducerBatch, answer: ProducedPartition | undefined): void {
    if (answer !== undefined && answer.error !== 'NONE') {
      const message = answer.message ?? `${this.#name} was refused: ${answer.error}`;
      this.#fail(batch, producerError(answer.error, message, { details: this.#place }));
      return;
    }
    if (!this.#inFlight.delete(batch)) return;
    this.#failures = 0;
    batch.acknowledge(answer?.baseOffset ?? -1);
    this.#settled(batch);
    if (this.#failed.length > 0) this.#recoverWhenQuiet();
    else this.drain(this.#config.lingerMs === 0);
  }

  #fail(batch: ProducerBatch, error: unknown): void {
    if (!this.#inFlight.delete(batch)) return;
    this.#failed.push({ batch, error });
    this.#recoverWhenQuiet();
  }

  #recoverWhenQuiet(): void {
    if (this.#inFlight.size > 0) return;
    const failed = this.#failed.sort((a, b) => a.batch.order - b.batch.order);
    const again: ProducerBatch[] = [];
    for (const { batch, error } of failed) {
      if (codeOf(error) === 'OUT_OF_ORDER_SEQUENCE') {
        if (again.length === 0) this.#identity = undefined;
        again.push(batch);
      } else if (isRetriable(error)) again.push(batch);
      else this.#giveUp(batch, refused(error, batch));
    }
    if (failed.some(({ error }) => leaderMayHaveMoved(error))) this.#forgetLeader();
    this.#failed = [];
    if (this.#identity === undefined) for (const batch of again) batch.attempts = 0;
    this.#accumulator.putBack(again);
    this.#expire();
    void this.#prepare();
  }

  /** Finds a leader and an identity, after a pause if something failed before. */
  async #prepare(): Promise<void> {
    if (this.#preparing) return;
    this.#preparing = true;
    try {
      if (this.#failures > 0)
        await this.#world.clock.sleep(
          retryDelayMs(this.#failures, this.#config.retryBackoffMs, this.#world.random),
          this.#signal,
        );
      this.#failures += 1;
      const { topic, partition } = this.#place;
      this.#leader ??= await this.#cluster.leaderOf(topic, partition, this.#signal);
      if (this.#isIdempotent) this.#identity ??= await newIdentity(this.#cluster, this.#signal);
    } catch (error) {
      this.#unprepared(error);
    } finally {
      this.#preparing = false;
    }
    if (this.#signal.aborted) return;
    this.#expire();
    if (this.#leader !== undefined && (!this.#isIdempotent || this.#identity !== undefined)) this.drain(true);
    else if (!this.#accumulator.isEmpty) void this.#prepare();
  }

  get #signal(): AbortSignal {
    return this.#abort.signal;
  }

  #unprepared(error: unknown): void {
    if (this.#signal.aborted) return;
    this.#forgetLeader();
    if (isRetriable(error)) return;
    for (let batch = this.#accumulator.take(true); batch !== undefined; batch = this.#accumulator.take(true))
      this.#giveUp(batch, refused(error, batch));
  }

  #forgetLeader(): void {
    this.#leader = undefined;
    this.#cluster.forget(this.#place.topic);
  }

  #expire(): void {
    for (const batch of this.#accumulator.expired(this.#world.clock.monotonic())) {
      const fate = batch.attempts === 0 ? 'it was not written' : 'it may have been written';
      const message = `${this.#name} took no batch within ${this.#config.deliveryTimeoutMs} ms; ${fate}`;
      this.#giveUp(
        batch,
        producerError('DELIVERY_TIMED_OUT', message, { retriable: true, details: this.#place }),
      );
    }
  }

  #giveUp(batch: ProducerBatch, error: Error): void {
    batch.giveUp(error);
    this.#settled(batch);
  }

  get #name(): string {
    return `${this.#place.topic}-${this.#place.partition}`;
  }
}

/** What the broker said, or the reason why nobody could be asked, with what became of the records. */
function refused(error: unknown, batch: ProducerBatch): Error {
  const { message, hint } = error as { message?: string; hint?: string };
  const fate = batch.attempts > 1 ? 'it may have been written' : 'it was not written';
  return producerError(
    (codeOf(error) ?? 'UNKNOWN_SERVER_ERROR') as never,
    `${message ?? String(error)}; ${fate}`,
    {
      cause: error,
      details: { topic: batch.topic, partition: batch.partition },
      ...(hint === undefined ? {} : { hint }),
    },
  );
}
