import type { Appended } from '@millrace/log';
import type { RequestOf, ResponseOf } from '@millrace/protocol';
import { type Failure, failureFrom } from './errors.ts';
import type { Partition } from './partition.ts';
import type { DelayedOperation, Purgatory, Settled } from './purgatory.ts';

type ProduceRequest = RequestOf<'produce'>;
type ProduceResponse = ResponseOf<'produce'>;

/**
 * A produce request on its way: gathers what the logs say of each partition, then, under acks all, waits until the high
 * watermarks have passed. The records stay appended whatever becomes of the wait. One of these a request, and with few
 * closures: this is the broker's hottest path.
 */
export class DelayedProduce implements DelayedOperation {
  /** Resolves when all partitions are answered; never rejects. */
  readonly answered: Promise<ProduceResponse>;
  readonly #request: ProduceRequest;
  readonly #purgatory: Purgatory<Partition>;
  readonly #answers: ProduceResponse['partitions'] = [];
  readonly #appended: AppendedPartition[] = [];
  #resolve!: (response: ProduceResponse) => void;
  /** One for each append under way, and one until the request is through. */
  #open = 1;

  constructor(request: ProduceRequest, purgatory: Purgatory<Partition>) {
    this.#request = request;
    this.#purgatory = purgatory;
    this.answered = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  /** Hands the batches at `place` in the request to the partition, in this very turn. */
  append(place: number, partition: Partition, batches: Buffer): void {
    let appending: Promise<Appended>;
    try {
      appending = partition.append(batches);
    } catch (error) {
      this.refuse(place, partition.topic, partition.index, failureFrom(error));
      return;
    }
    this.#open++;
    appending.then(
      (appended) => {
        this.#answers[place] = {
          topic: partition.topic,
          partition: partition.index,
          error: 'NONE',
          baseOffset: appended.baseOffset,
          logStartOffset: partition.logStartOffset,
        };
        this.#appended.push({ place, partition, lastOffset: appended.lastOffset });
        this.#close();
      },
      (error: unknown) => {
        this.refuse(place, partition.topic, partition.index, failureFrom(error));
        this.#close();
      },
    );
  }

  refuse(place: number, topic: string, partition: number, failure: Failure): void {
    this.#answers[place] = { topic, partition, ...failure };
  }

  /** Every partition of the request has been appended or refused. */
  through(): void {
    this.#close();
  }

  isSatisfied(): boolean {
    for (const { partition, lastOffset } of this.#appended) {
      if (lastOffset >= partition.highWatermark && partition.leads && partition.failure === undefined) {
        return false;
      }
    }
    return true;
  }

  settle(how: Settled): void {
    for (const appended of this.#appended) {
      if (appended.lastOffset < appended.partition.highWatermark) continue;
      const { topic, index } = appended.partition;
      this.refuse(appended.place, topic, index, this.#whyNotAcknowledged(appended, how));
    }
    this.#resolve({ partitions: this.#answers });
  }

  #close(): void {
    this.#open--;
    if (this.#open > 0) return;
    if (this.#request.acks !== 'all' || this.#appended.length === 0) {
      this.#resolve({ partitions: this.#answers });
      return;
    }
    const partitions = this.#appended.map(({ partition }) => partition);
    this.#purgatory.completeOrWatch(this, partitions, this.#request.timeoutMs);
    for (const partition of partitions) partition.flushDue();
  }

  #whyNotAcknowledged({ partition, lastOffset }: AppendedPartition, how: Settled): Failure {
    const { name, failure } = partition;
    if (failure !== undefined) {
      return {
        error: 'STORAGE_ERROR',
        message: `${name} failed before the records were safe: ${failure.message}`,
      };
    }
    if (!partition.leads || how === 'abandoned') {
      return {
        error: 'NOT_LEADER_OR_FOLLOWER',
        message: `${name} changed its leader before the records were safe; they may be there`,
      };
    }
    return {
      error: 'REQUEST_TIMED_OUT',
      message: `${name} took the records up to offset ${lastOffset}, but its high watermark, ${partition.highWatermark}, did not pass them within ${this.#request.timeoutMs} ms; they may be there`,
    };
  }
}

interface AppendedPartition {
  readonly place: number;
  readonly partition: Partition;
  readonly lastOffset: number;
}
