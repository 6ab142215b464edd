import type { Offset } from '@millrace/record';
import type { FileSystem, OpenFile } from '@millrace/runtime';
import { IndexPacer, OffsetIndex } from './offset-index.ts';
import { RecentBatches } from './recent-batches.ts';
import { TimeIndex, type TimeIndexStart } from './time-index.ts';

const notStored = -1;

/** A batch in a segment. */
export interface BatchMark {
  readonly baseOffset: Offset;
  /** Inclusive. */
  readonly lastOffset: Offset;
  readonly position: number;
  readonly sizeInBytes: number;
  /** ms since the epoch. */
  readonly maxTimestamp: number;
}

/** Bytes that were found damaged although a power cut does not explain it: kept, and not served. */
export interface RottenRange {
  readonly position: number;
  /** The first offset that cannot be read. */
  readonly firstOffset: Offset;
  /** Where the next good batch begins, and with which offset. */
  readonly end: number;
  readonly nextOffset: Offset;
}

export interface SegmentState {
  readonly baseOffset: Offset;
  readonly path: string;
  readonly file: OpenFile;
  readonly index?: OffsetIndex;
  readonly sizeInBytes?: number;
  readonly nextOffset?: Offset;
  /** Whether all of `index` was built from batches that this process has seen. */
  readonly indexTrusted?: boolean;
  /** Where to find the file of the time index, for what lies before `sizeInBytes`. */
  readonly files?: FileSystem;
}

/**
 * One file of the log and what is known about it. `sizeInBytes` and `nextOffset` are what readers may see; the file may
 * be longer while a write is under way. The file closes when the log has closed it and the last reader has let go.
 */
export class Segment {
  readonly baseOffset: Offset;
  readonly path: string;
  readonly file: OpenFile;
  /** Damage beyond what a crash explains, in order. */
  readonly rotten: RottenRange[] = [];
  /** Whether its name in the directory survives a power cut. */
  nameDurable = true;
  /** What the producers' state was at the base offset, until it is written beside the segment. */
  snapshot: Buffer | undefined;
  #index: OffsetIndex;
  #indexTrusted: boolean;
  #times: TimeIndex;
  #timesIn: FileSystem | undefined;
  #recent: RecentBatches | undefined = new RecentBatches();
  #storedEntries = notStored;
  #sizeInBytes: number;
  #nextOffset: Offset;
  readonly #pacer = new IndexPacer();
  #readers = 0;
  #closing: { readonly resolve: () => void; readonly reject: (error: unknown) => void } | undefined;
  #closed: Promise<void> | undefined;

  constructor(state: SegmentState) {
    this.baseOffset = state.baseOffset;
    this.path = state.path;
    this.file = state.file;
    this.#index = state.index ?? new OffsetIndex(state.baseOffset);
    this.#indexTrusted = state.indexTrusted ?? true;
    this.#sizeInBytes = state.sizeInBytes ?? 0;
    this.#nextOffset = state.nextOffset ?? state.baseOffset;
    this.#times = this.#timesFromHere();
    this.#timesIn = state.files;
  }

  get sizeInBytes(): number {
    return this.#sizeInBytes;
  }

  get nextOffset(): Offset {
    return this.#nextOffset;
  }

  get index(): OffsetIndex {
    return this.#index;
  }

  /** Whether an entry of the index may be believed without a look at the batch it names. */
  get indexTrusted(): boolean {
    return this.#indexTrusted;
  }

  /** undefined once the segment is no longer the active one. */
  get recent(): RecentBatches | undefined {
    return this.#recent;
  }

  /** Takes note of a batch that now lies at the end of the file, and makes it visible. */
  publish(batch: BatchMark, indexIntervalBytes: number): void {
    if (this.#pacer.isDue(batch.sizeInBytes, indexIntervalBytes)) {
      this.#index.add(batch.baseOffset, batch.lastOffset, batch.position);
    }
    this.#times.note(batch, this.#index.names(batch.position));
    this.#recent?.add(batch.baseOffset, batch.position);
    this.#sizeInBytes = batch.position + batch.sizeInBytes;
    this.#nextOffset = batch.lastOffset + 1;
  }

  /** Takes note of damage at the end of what is known so far. */
  publishRot(damage: RottenRange): void {
    this.rotten.push(damage);
    this.#sizeInBytes = damage.end;
    this.#nextOffset = damage.nextOffset;
  }

  /** Replaces what is known of damage, after everything was verified. */
  noteDamage(damage: readonly RottenRange[]): void {
    this.rotten.splice(0, this.rotten.length, ...damage);
  }

  /** Of the batches that this process has published, and of those before once somebody asked: see `knownTimes`. */
  get times(): TimeIndex {
    return this.#times;
  }

  /** Where the file of the time index is; undefined when there is none to be believed. */
  get timesIn(): FileSystem | undefined {
    return this.#timesIn;
  }

  /** Takes in what lies before `from`, unless somebody else has done so meanwhile. */
  completeTimes(from: TimeIndexStart, before: TimeIndex): void {
    if (this.#times.from !== from) return;
    before.append(this.#times);
    this.#times = before;
  }

  /** Forgets timestamps that turned out to be wrong, and no longer believes their file. */
  forgetTimes(wrong: TimeIndex): void {
    if (this.#times !== wrong) return;
    this.#times = this.#timesFromHere();
    this.#timesIn = undefined;
  }

  /** Whether the files beside the segment hold its indexes. */
  get indexStored(): boolean {
    return this.#storedEntries === this.#index.count && this.#times.isStored;
  }

  noteIndexStored(): void {
    this.#storedEntries = this.#index.count;
  }

  /** Replaces an index that was found to be wrong. */
  replaceIndex(index: OffsetIndex): void {
    this.#index = index;
    this.#indexTrusted = true;
    this.#storedEntries = notStored;
  }

  /** Called when the next segment has become the active one. */
  seal(): void {
    this.#recent = undefined;
  }

  /** The damage that took this offset, if any. */
  rotAt(offset: Offset): RottenRange | undefined {
    return this.rotten.find((damage) => damage.firstOffset <= offset && offset < damage.nextOffset);
  }

  get isRead(): boolean {
    return this.#readers > 0;
  }

  acquire(): void {
    this.#readers++;
  }

  release(): void {
    this.#readers--;
    this.#closeWhenUnused();
  }

  /** Closes the file once nobody reads from it. Idempotent. */
  close(): Promise<void> {
    this.#closed ??= new Promise<void>((resolve, reject) => {
      this.#closing = { resolve, reject };
      this.#closeWhenUnused();
    });
    return this.#closed;
  }

  #timesFromHere(): TimeIndex {
    return new TimeIndex(this.baseOffset, { position: this.#sizeInBytes, offset: this.#nextOffset });
  }

  #closeWhenUnused(): void {
    if (this.#readers > 0 || this.#closing === undefined) return;
    const { resolve, reject } = this.#closing;
    this.#closing = undefined;
    this.file.close().then(resolve, reject);
  }
}
