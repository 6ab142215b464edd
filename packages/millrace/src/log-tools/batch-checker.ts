import { batchSizeAt, type Offset, verifyBatch } from '@millrace/record';
import { hasCode } from '@millrace/runtime';
import { logToolError } from './errors.ts';

/** Larger ones are not held in memory: a length this large is damage. */
const largestBatchBytes = 256 * 1024 * 1024;

/**
 * Checks the batches of a segment as its bytes pass: bounds, checksum, ascending offsets. Holds at most one batch that
 * is not yet whole.
 */
export class BatchChecker {
  readonly #file: string;
  readonly #end: Offset;
  #chunks: Buffer[] = [];
  #held = 0;
  /** Bytes that must be there before the next look. */
  #wanted = 0;
  #position = 0;
  #nextOffset: Offset;

  /** `file` is for messages; the segment's offsets are in `[baseOffset, end)`. */
  constructor(file: string, baseOffset: Offset, end: Offset) {
    this.#file = file;
    this.#nextOffset = baseOffset;
    this.#end = end;
  }

  /** Behind the last batch. */
  get nextOffset(): Offset {
    return this.#nextOffset;
  }

  /** CORRUPT_MESSAGE. */
  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#held += chunk.length;
    if (this.#held < this.#wanted) return;
    const [first] = this.#chunks;
    const bytes = this.#chunks.length === 1 && first !== undefined ? first : Buffer.concat(this.#chunks);
    const checked = this.#check(bytes);
    this.#position += checked;
    this.#chunks = [bytes.subarray(checked)];
    this.#held = bytes.length - checked;
  }

  /** CORRUPT_MESSAGE when the last batch is not whole. */
  end(): void {
    if (this.#held > 0) throw this.#damaged(`the last ${this.#held} bytes are no whole batch`);
  }

  /** How many bytes at the beginning are whole, sound batches. */
  #check(bytes: Buffer): number {
    let at = 0;
    for (;;) {
      try {
        const size = batchSizeAt(bytes, at);
        if (size !== undefined && size > largestBatchBytes)
          throw this.#damaged(`a batch of ${size} bytes`, at);
        this.#wanted = size ?? 0;
        if (size === undefined || at + size > bytes.length) return at;
        const { baseOffset, lastOffset } = verifyBatch(bytes, at);
        if (baseOffset < this.#nextOffset || lastOffset >= this.#end)
          throw this.#damaged(`offsets ${baseOffset} to ${lastOffset} cannot be here`, at);
        this.#nextOffset = lastOffset + 1;
        at += size;
      } catch (error) {
        if (hasCode(error, 'CORRUPT_MESSAGE') && error.details === undefined)
          throw this.#damaged(error.message, at, error);
        throw error;
      }
    }
  }

  #damaged(what: string, at = 0, cause?: unknown): Error {
    const position = this.#position + at;
    return logToolError('CORRUPT_MESSAGE', `${this.#file} is damaged at byte ${position}: ${what}`, {
      cause,
      details: { file: this.#file, position, offset: this.#nextOffset },
    });
  }
}
