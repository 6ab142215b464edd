import type { RequestEvent } from '@millrace/broker';
import type { RequestOf, ResponseOf } from '@millrace/protocol';
import { batchesIn } from '@millrace/record';
import { codeOf } from '@millrace/runtime';
import { maxTopics } from './definitions.ts';

/** Where counts go. */
export interface RequestCounters {
  request(api: string, listener: string, outcome: string, seconds: number): void;
  recordsIn(topic: string, records: number, bytes: number): void;
  bytesOut(topic: string, bytes: number): void;
  refused(api: string, error: string): void;
}

/** Counts what a broker was asked, and what went in and out with it. */
export class RequestCounts {
  readonly #counters: RequestCounters;
  readonly #topics = new Set<string>();

  constructor(counters: RequestCounters) {
    this.#counters = counters;
  }

  add({ api, listener, ms, request, response, error }: RequestEvent): void {
    const outcome = response === undefined ? (codeOf(error) ?? 'UNKNOWN_SERVER_ERROR') : 'NONE';
    this.#counters.request(api, listener, outcome, ms / 1000);
    if (response === undefined) return;
    if (api === 'produce') this.#produced(request as RequestOf<'produce'>, response as ResponseOf<'produce'>);
    if (api === 'fetch') this.#fetched(response as ResponseOf<'fetch'>);
  }

  #produced({ partitions }: RequestOf<'produce'>, response: ResponseOf<'produce'>): void {
    for (const [at, { topic, batches }] of partitions.entries()) {
      const error = response.partitions[at]?.error ?? 'NONE';
      if (error === 'NONE')
        this.#counters.recordsIn(this.#labelOf(topic), recordsOf(batches), batches.length);
      else this.#counters.refused('produce', error);
    }
  }

  #fetched({ partitions }: ResponseOf<'fetch'>): void {
    for (const { topic, error, batches } of partitions) {
      if (error !== 'NONE') this.#counters.refused('fetch', error);
      else if (batches.byteLength > 0) this.#counters.bytesOut(this.#labelOf(topic), batches.byteLength);
    }
  }

  #labelOf(topic: string): string {
    if (this.#topics.has(topic)) return topic;
    if (this.#topics.size >= maxTopics) return 'other';
    this.#topics.add(topic);
    return topic;
  }
}

/** As the headers of the batches say: they were checked before they were taken. */
function recordsOf(batches: Buffer): number {
  let records = 0;
  for (const { header } of batchesIn(batches)) records += header.recordCount;
  return records;
}
