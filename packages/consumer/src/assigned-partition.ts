import type { Leader } from '@millrace/client';
import type { Claim, TopicPartition } from '@millrace/coordination';
import type { Offset } from '@millrace/record';
import type { FetchedBatches } from './fetched-batches.ts';

/**
 * One partition that this consumer reads: where it fetches next, what is fetched, what was handed out and what is done.
 * `processed <= handedOut <= fetchOffset`, always.
 */
export class AssignedPartition implements TopicPartition {
  readonly topic: string;
  readonly partition: number;
  /** The group's word for it; undefined: no group. */
  readonly claim: Claim | undefined;
  /** The next offset to fetch. */
  fetchOffset: Offset;
  /** The next offset to hand out. */
  handedOut: Offset;
  /** Everything below is done. */
  processed: Offset;
  /** Everything below is committed; undefined: nothing yet. */
  committed: Offset | undefined;
  /** Where it began. */
  readonly start: Offset;
  paused = false;
  /** How often it was told to go elsewhere. */
  seeks = 0;
  /** Which of the slides' streams it feeds. */
  stream = 0;
  /** To be given back: nothing more is handed out, though it is still held and can be committed. */
  revoking = false;
  isFindingLeader = false;
  /** The version in which it was last asked for, while that question is under way. */
  askedVersion: number | undefined;
  /** What questions under way may bring, of its own room. */
  reservedBytes = 0;
  leader: Leader | undefined;
  /** In a row. */
  failures = 0;
  /** Of these, in a row, answers that came and could not be read. */
  unread = 0;
  /** Thrown to whoever reads this partition, once what came before is read; until a seek. */
  failure: Error | undefined;
  /** Changes with every seek: answers to older fetches are dropped. */
  version = 0;
  readonly #fetched: FetchedBatches[] = [];
  #bufferedBytes = 0;
  readonly #abort = new AbortController();

  constructor({ topic, partition }: TopicPartition, offset: Offset, claim?: Claim) {
    this.topic = topic;
    this.partition = partition;
    this.claim = claim;
    this.start = offset;
    this.fetchOffset = offset;
    this.handedOut = offset;
    this.processed = offset;
    this.committed = claim?.offset;
    claim?.lost.addEventListener('abort', () => this.lose(), { once: true });
    if (claim?.lost.aborted === true) this.lose();
  }

  get name(): string {
    return `${this.topic}-${this.partition}`;
  }

  /** Aborts when it is taken away. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get isLost(): boolean {
    return this.#abort.signal.aborted;
  }

  get bufferedBytes(): number {
    return this.#bufferedBytes;
  }

  /** Whether what comes next is asked for already: a seek abandons what was asked before. */
  get isAsked(): boolean {
    return this.askedVersion === this.version;
  }

  /** Whether something was done that is not committed. */
  get isUncommitted(): boolean {
    return this.processed !== (this.committed ?? this.start);
  }

  add(batches: FetchedBatches): void {
    this.#fetched.push(batches);
    this.#bufferedBytes += batches.bytes.length;
    this.fetchOffset = batches.nextOffset;
  }

  take(): FetchedBatches | undefined {
    const batches = this.#fetched.shift();
    this.#bufferedBytes -= batches?.bytes.length ?? 0;
    return batches;
  }

  /** Goes on from `offset`, wherever it stood. */
  seek(offset: Offset): void {
    this.seeks += 1;
    this.handedOut = offset;
    this.processed = offset;
    this.failure = undefined;
    this.rewind();
  }

  /** Fetches from `offset` on, since what lay before is gone; what was fetched is still handed out. */
  skipTo(offset: Offset): void {
    if (offset < this.fetchOffset) {
      this.seek(offset);
      return;
    }
    if (this.handedOut === this.fetchOffset) {
      if (this.processed === this.handedOut) this.processed = offset;
      this.handedOut = offset;
    }
    this.fetchOffset = offset;
  }

  /** Forgets what is fetched, to fetch again what was not handed out. */
  rewind(): void {
    this.#fetched.length = 0;
    this.#bufferedBytes = 0;
    this.version += 1;
    this.fetchOffset = this.handedOut;
  }

  /** It is not ours any more, or not for long: `signal` aborts. */
  lose(): void {
    this.#abort.abort();
  }
}
