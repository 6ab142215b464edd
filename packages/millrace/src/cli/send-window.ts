import type { Bytes, Producer, ProducerRecord } from '@millrace/producer';
import { CodedError, codeOf } from '@millrace/runtime';
import type { Amounts } from './progress.ts';

/** What a record costs beside its bytes, roughly. */
const recordOverhead = 128;

/** A record of bytes. */
export interface ByteRecord extends ProducerRecord<Bytes, Bytes> {
  readonly key: Buffer | null;
  readonly value: Buffer;
}

/**
 * Sends records and keeps account of them. What was handed to the producer and is not settled yet is bounded: after each
 * `send`, wait for `room`. After the first failure nothing more should be sent.
 */
export class SendWindow {
  readonly #producer: Producer<Bytes, Bytes>;
  readonly #maxBytes: number;
  readonly #onFailure: () => void;
  #bytesInFlight = 0;
  #sent = 0;
  #sentBytes = 0;
  #acknowledged = 0;
  #failure: { readonly error: unknown; readonly record: number } | undefined;
  #groupsInFlight = 0;
  #wake: (() => void) | undefined;

  /** `onFailure` is called once. */
  constructor(producer: Producer<Bytes, Bytes>, options: { maxBytes: number; onFailure: () => void }) {
    this.#producer = producer;
    this.#maxBytes = options.maxBytes;
    this.#onFailure = options.onFailure;
  }

  /** Records handed to the producer, and their bytes. */
  get sent(): Amounts {
    return { records: this.#sent, bytes: this.#sentBytes };
  }

  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** Of the first record that failed; its message says which it was, counted from 1. */
  get failure(): Error | undefined {
    return this.#failure === undefined ? undefined : numbered(this.#failure.error, this.#failure.record);
  }

  /** Their bytes may be views: nobody changes them before they are settled. */
  send(records: readonly ByteRecord[]): void {
    if (records.length === 0) return;
    const first = this.#sent + 1;
    let bytes = 0;
    const sends = records.map((record) => {
      bytes += (record.key?.byteLength ?? 0) + record.value.byteLength;
      return this.#producer.send(record);
    });
    this.#sent += records.length;
    this.#sentBytes += bytes;
    const cost = bytes + records.length * recordOverhead;
    this.#bytesInFlight += cost;
    this.#groupsInFlight += 1;
    // Neither part can reject: what happened to each record is a value.
    void Promise.allSettled(sends).then((results) => this.#settle(results, first, cost));
  }

  /** Resolves when less than the limit is in flight, or a record has failed. */
  async room(): Promise<void> {
    while (this.#bytesInFlight > this.#maxBytes && this.#failure === undefined) await this.#change();
  }

  /** Resolves when nothing is in flight. */
  async settled(): Promise<void> {
    while (this.#groupsInFlight > 0) await this.#change();
  }

  #settle(results: readonly PromiseSettledResult<unknown>[], first: number, cost: number): void {
    this.#bytesInFlight -= cost;
    this.#groupsInFlight -= 1;
    for (const [position, result] of results.entries()) {
      if (result.status === 'fulfilled') this.#acknowledged += 1;
      else this.#fail(result.reason, first + position);
    }
    this.#wake?.();
  }

  #fail(error: unknown, record: number): void {
    const isFirst = this.#failure === undefined;
    if (isFirst || record < (this.#failure?.record ?? 0)) this.#failure = { error, record };
    if (isFirst) this.#onFailure();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}

function numbered(error: unknown, record: number): Error {
  const { message, hint } = error as { message?: string; hint?: string };
  return new CodedError(
    codeOf(error) ?? 'UNKNOWN_SERVER_ERROR',
    `record ${record}: ${message ?? String(error)}`,
    {
      cause: error,
      ...(hint === undefined ? {} : { hint }),
    },
  );
}
