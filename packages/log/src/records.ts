import {
  type BatchHeader,
  batchesIn,
  type Compression,
  type CompressionCodec,
  type LogRecord,
  loadCompression,
  type Offset,
  recordsIn,
  verifyBatch,
} from '@millrace/record';
import { hasCode } from '@millrace/runtime';
import { isInOrder } from './batch-order.ts';
import { logError } from './errors.ts';
import type { Log, RecordsOptions } from './log.ts';

/** Whoever wants one record reads little; whoever goes on reads more each time. */
const firstReadBytes = 16 * 1024;
const largestReadBytes = 1024 * 1024;

/** A log that may end. */
export interface FollowedLog extends Pick<Log, 'startOffset' | 'endOffset' | 'read' | 'onAdvance'> {
  readonly closed: boolean;
  /** Compaction may have left gaps between batches that begin below. */
  readonly gapsBelow: Offset;
  /** Looks for damage where a batch turned out not to be sound; answers whether there is any. */
  examine(from: Offset): Promise<boolean>;
}

/** Records of a log, verified; the contract is `Log.records`. */
export function readRecords(log: FollowedLog, options: RecordsOptions): AsyncIterable<LogRecord> {
  return { [Symbol.asyncIterator]: () => new RecordIterator(log, options) };
}

/** By hand: an async generator takes twice as long for each record. */
class RecordIterator implements AsyncIterator<LogRecord, undefined> {
  readonly #log: FollowedLog;
  readonly #signal: AbortSignal | undefined;
  /** Where it ends; undefined: never. */
  readonly #end: Offset | undefined;
  readonly #limit: { readonly upTo?: Offset };
  readonly #codecs = new Map<Compression, CompressionCodec>();
  #next: Offset;
  #readBytes = firstReadBytes;
  /** Where damage was looked for last. */
  #examined: Offset | undefined;
  /** Behind the batches of `#records`. */
  #behind: Offset = 0;
  #records: Iterator<LogRecord> | undefined;
  #done = false;
  /** Calls of `next` are answered one after the other. */
  #turn: Promise<unknown> | undefined;
  #wake: (() => void) | undefined;

  constructor(log: FollowedLog, options: RecordsOptions) {
    this.#log = log;
    this.#signal = options.signal;
    this.#end = options.follow === true ? undefined : log.endOffset;
    this.#limit = this.#end === undefined ? {} : { upTo: this.#end };
    this.#next = options.from ?? log.startOffset;
  }

  next(): Promise<IteratorResult<LogRecord, undefined>> {
    if (this.#turn === undefined) {
      const record = this.#inMemory();
      if (record !== undefined) return Promise.resolve({ done: false, value: record });
    }
    const turn = (this.#turn ?? Promise.resolve()).then(
      () => this.#read(),
      () => this.#read(),
    );
    this.#turn = turn;
    const rest = (): void => {
      if (this.#turn === turn) this.#turn = undefined;
    };
    turn.then(rest, rest);
    return turn;
  }

  return(): Promise<IteratorResult<LogRecord, undefined>> {
    this.#done = true;
    this.#wake?.();
    return Promise.resolve({ done: true, value: undefined });
  }

  get #ended(): boolean {
    return this.#done || this.#signal?.aborted === true || this.#log.closed;
  }

  #inMemory(): LogRecord | undefined {
    if (this.#done || this.#signal?.aborted === true) return undefined;
    const result = this.#records?.next();
    if (result === undefined) return undefined;
    if (result.done !== true) {
      this.#next = result.value.offset + 1;
      return result.value;
    }
    this.#records = undefined;
    this.#next = Math.max(this.#next, this.#behind);
    return undefined;
  }

  async #read(): Promise<IteratorResult<LogRecord, undefined>> {
    try {
      for (;;) {
        const record = this.#inMemory();
        if (record !== undefined) return { done: false, value: record };
        if (this.#ended || this.#next === this.#end) break;
        if (this.#end === undefined && this.#next === this.#log.endOffset) await this.#advance();
        else await this.#readSlice();
      }
    } catch (error) {
      this.#done = true;
      if (!(hasCode(error, 'LOG_CLOSED') && this.#end === undefined)) throw error;
    }
    this.#done = true;
    return { done: true, value: undefined };
  }

  async #readSlice(): Promise<void> {
    const end = this.#end ?? this.#log.endOffset;
    const slice = await this.#log.read(this.#next, { maxBytes: this.#readBytes, ...this.#limit });
    this.#readBytes = Math.min(this.#readBytes * 2, largestReadBytes);
    try {
      // Compaction may have taken everything up to there.
      if (slice.byteLength === 0) this.#next = end;
      const bytes = await slice.read(0, slice.byteLength);
      const sound = await this.#verify(bytes);
      // The next read tells where the damage ends.
      if (sound === undefined) return;
      this.#records = recordsIn(sound, { from: this.#next, codecs: this.#codecs })[Symbol.iterator]();
    } finally {
      slice.release();
    }
  }

  /** The sound batches at the beginning, and what is needed to read them; undefined when damage was found and noted. CORRUPT_MESSAGE. */
  async #verify(bytes: Buffer): Promise<Buffer | undefined> {
    const { gapsBelow } = this.#log;
    let soundBytes = 0;
    try {
      for (const { position, header } of batchesIn(bytes)) {
        verifyBatch(bytes, position);
        this.#checkOrder(header, position === 0, gapsBelow);
        await this.#load(header.compression);
        this.#behind = header.lastOffset + 1;
        soundBytes = position + header.sizeInBytes;
      }
      if (soundBytes < bytes.length)
        throw logError('CORRUPT_MESSAGE', 'a batch claims more bytes than there are');
      return bytes;
    } catch (error) {
      if (!hasCode(error, 'CORRUPT_MESSAGE')) throw error;
      if (soundBytes > 0) return bytes.subarray(0, soundBytes);
      if (this.#examined !== this.#next) {
        this.#examined = this.#next;
        if (await this.#log.examine(this.#next)) return undefined;
      }
      throw logError('CORRUPT_MESSAGE', `the batch at offset ${this.#next} is damaged`, {
        cause: error,
        details: { offset: this.#next },
      });
    }
  }

  /** The first batch of a slice may begin before what was asked for. */
  #checkOrder({ baseOffset, lastOffset }: BatchHeader, isFirst: boolean, gapsBelow: Offset): void {
    const follows = isFirst
      ? lastOffset >= this.#next && (baseOffset <= this.#next || this.#next < gapsBelow)
      : isInOrder(baseOffset, this.#behind, gapsBelow);
    if (follows && lastOffset < this.#log.endOffset) return;
    throw logError('CORRUPT_MESSAGE', `a batch of offsets ${baseOffset} to ${lastOffset} is out of order`);
  }

  async #load(compression: Compression): Promise<void> {
    if (compression === 'none' || this.#codecs.has(compression)) return;
    this.#codecs.set(compression, await loadCompression(compression));
  }

  /** Resolves when the log has moved, has closed, or nobody waits any more. */
  async #advance(): Promise<void> {
    let stop = (): void => undefined;
    await new Promise<void>((resolve) => {
      const wake = (): void => resolve();
      this.#wake = wake;
      const unsubscribe = this.#log.onAdvance(wake);
      this.#signal?.addEventListener('abort', wake);
      stop = () => {
        unsubscribe();
        this.#signal?.removeEventListener('abort', wake);
      };
    });
    stop();
  }
}
