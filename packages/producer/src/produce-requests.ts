import type { Connection, ResponseOf } from '@millrace/protocol';
import type { ProducerConfig } from './config.ts';
import type { ProducerBatch } from './producer-batch.ts';

export type ProducedPartition = ResponseOf<'produce'>['partitions'][number];

/** Who hears what became of a batch. One of these never has two batches in one request. */
export interface BatchSender {
  /** undefined: the answer says nothing about it. */
  answered(batch: ProducerBatch, answer: ProducedPartition | undefined): void;
  failed(batch: ProducerBatch, error: unknown): void;
}

interface Entry {
  readonly batch: ProducerBatch;
  readonly sender: BatchSender;
}

/** Requests to one broker that gather in this turn, in the order in which they will leave. */
interface Gathering {
  readonly requests: { entries: Entry[]; bytes: number }[];
  /** Which request is the first that a sender's next batch may join. */
  readonly next: Map<BatchSender, number>;
}

/**
 * Gathers the batches that are ready at the same time, of whatever partitions, and asks each broker for all of its own in
 * one request. Several batches of one partition follow each other in requests of their own, since the broker takes or
 * refuses what it is asked for one partition as a whole.
 *
 * Under acks `all` a request is answered when the slowest of its partitions is safe: that is the price.
 */
export class ProduceRequests {
  readonly #config: ProducerConfig;
  #gathering = new Map<Connection, Gathering>();

  constructor(config: ProducerConfig) {
    this.#config = config;
  }

  /** Sends the batch with what else is ready now. The sender hears of it later, in a turn of its own, exactly once. */
  add(connection: Connection, batch: ProducerBatch, sender: BatchSender): void {
    if (this.#gathering.size === 0) void Promise.resolve().then(() => this.#sendAll());
    let gathering = this.#gathering.get(connection);
    if (gathering === undefined) {
      gathering = { requests: [], next: new Map() };
      this.#gathering.set(connection, gathering);
    }
    const { requests, next } = gathering;
    const size = batch.bytes.length;
    let place = next.get(sender) ?? 0;
    for (let request = requests[place]; request !== undefined; request = requests[place]) {
      if (request.bytes + size <= this.#config.maxRequestBytes) break;
      place += 1;
    }
    next.set(sender, place + 1);
    const request = requests[place];
    if (request === undefined) requests.push({ entries: [{ batch, sender }], bytes: size });
    else {
      request.entries.push({ batch, sender });
      request.bytes += size;
    }
  }

  #sendAll(): void {
    const gathered = this.#gathering;
    this.#gathering = new Map();
    for (const [connection, { requests }] of gathered)
      for (const { entries } of requests) this.#send(connection, entries);
  }

  #send(connection: Connection, entries: readonly Entry[]): void {
    const { acks, requestTimeoutMs } = this.#config;
    const partitions = entries.map(({ batch: { topic, partition, bytes } }) => ({
      topic,
      partition,
      // The bytes pass to the connection with the call; what may have to be sent again stays ours.
      batches: Buffer.from(bytes),
    }));
    connection.call('produce', { acks, timeoutMs: requestTimeoutMs, partitions }).then(
      (answer) => {
        for (let i = 0; i < entries.length; i += 1) {
          const { batch, sender } = entries[i] as Entry;
          const answered = answer.partitions[i];
          sender.answered(batch, isFor(batch, answered) ? answered : undefined);
        }
      },
      (error: unknown) => {
        for (const { batch, sender } of entries) sender.failed(batch, error);
      },
    );
  }
}

/** An answer for another partition would name an offset that is not this batch's. */
function isFor({ topic, partition }: ProducerBatch, answer: ProducedPartition | undefined): boolean {
  return answer?.topic === topic && answer.partition === partition;
}
