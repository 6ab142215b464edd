import type { Bytes, ProducerRecord } from '@millrace/producer';
import { CodedError, codeOf } from '@millrace/runtime';
import type { Amounts } from './progress.ts';

/** What a record costs beside its bytes, roughly. */
const recordOverhead = 512;

/** A record of bytes. */
export interface ByteRecord extends ProducerRecord<Bytes, Bytes> {
  readonly key: Buffer | null;
  readonly value: Buffer;
}

/** Resolves when the record is acknowledged. */
type Send = (record: ByteRecord) => Promise<unknown>;

/**
 * Sends records and keeps account of them. What was handed to the producer and is not settled yet is bounded: after each
 * `send`, wait for `room`. After the first failure nothing more should be sent.
 */
export class SendWindow {
  readonly #send: Send;
  readonly #maxBytes: number;
  readonly #onFailure: () => void;
  #bytesInFlight = 0;
  #sent = 0;
  #sentBytes = 0;
  #acknowledged = 0;
  #failed: { readonly sends: readonly Promise<unknown>[]; readonly first: number } | undefined;
  #wake: (() => void) | undefined;

  /** `onFailure` is called once. */
  constructor(send: Send, options: { maxBytes: number; onFailure: () => void }) {
    this.#send = send;
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

  get hasFailed(): boolean {
    return this.#failed !== undefined;
  }

  /** What was sent with the first record that failed must be settled. The message says which record, counted from 1. */
  async failure(): Promise<Error | undefined> {
    if (this.#failed === undefined) return undefined;
    const results = await Promise.allSettled(this.#failed.sends);
    const position = results.findIndex(({ status }) => status === 'rejected');
    const result = results[position];
    return result?.status === 'rejected' ? numbered(result.reason, this.#failed.first + position) : undefined;
  }

  /** Their bytes may be views: nobody changes them before they are settled. */
  send(records: readonly ByteRecord[]): void {
    if (records.length === 0) return;
    const first = this.#sent + 1;
    let bytes = 0;
    const sends = records.map((record) => {
      bytes += (record.key?.byteLength ?? 0) + record.value.byteLength;
      return this.#send(record);
    });
    this.#sent += records.length;
    this.#sentBytes += bytes;
    this.#watch(sends, first, bytes + records.length * recordOverhead);
  }

  /** Resolves when less than the limit is in flight, or a record has failed. */
  async room(): Promise<void> {
    while (this.#bytesInFlight > this.#maxBytes && !this.hasFailed) await this.#change();
  }

  /** Resolves when nothing is in flight. */
  async settled(): Promise<void> {
    while (this.#bytesInFlight > 0) await this.#change();
  }

  /** Two functions for all of a group, since there may be millions: which record failed is looked up when one has. */
  #watch(sends: readonly Promise<unknown>[], first: number, cost: number): void {
    this.#bytesInFlight += cost;
    let left = sends.length;
    const settled = (): void => {
      left -= 1;
      if (left > 0) return;
      this.#bytesInFlight -= cost;
      this.#wake?.();
    };
    const acknowledged = (): void => {
      this.#acknowledged += 1;
      settled();
    };
    const failed = (): void => {
      if (this.#failed === undefined) {
        this.#failed = { sends, first };
        this.#onFailure();
        this.#wake?.();
      }
      settled();
    };
    for (const send of sends) void send.then(acknowledged, failed);
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
