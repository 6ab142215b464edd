import type { BatchHeader } from './batch-header.ts';
import { corrupt } from './errors.ts';
import type { Offset } from './record.ts';
import { VarintReader } from './varint.ts';

/**
 * Walks over the records of one batch as they lie in its (decompressed) bytes, for those who pass them on as they are.
 * After each `next()` that answered true its fields tell of one record; values and headers are not opened.
 */
export class RawRecords {
  readonly bytes: Buffer;
  /** Where the record begins, with its length, and where it ends. */
  start = 0;
  end = 0;
  /** Behind the timestamp's delta: from here to `end` nothing depends on the base timestamp. */
  restStart = 0;
  offset: Offset = 0;
  timestampDelta = 0;
  /** `keyEnd` is -1 for a record without a key. */
  keyStart = 0;
  keyEnd = 0;
  isTombstone = false;
  readonly #header: BatchHeader;
  readonly #varints: VarintReader;
  #remaining: number;

  /** The records lie in `bytes[start, end)`. */
  constructor(header: BatchHeader, bytes: Buffer, start: number, end: number) {
    this.bytes = bytes;
    this.#header = header;
    this.#varints = new VarintReader(bytes, start, end);
    this.#remaining = header.recordCount;
    this.offset = header.baseOffset - 1;
    this.end = start;
  }

  /** false at the end. CORRUPT_MESSAGE. */
  next(): boolean {
    const varints = this.#varints;
    if (this.#remaining === 0) {
      if (varints.position !== varints.end) {
        throw this.#corrupt(`${varints.end - varints.position} bytes follow the last record`);
      }
      return false;
    }
    this.#remaining -= 1;
    this.start = varints.position;
    const length = varints.varint();
    const end = varints.position + length;
    if (length < 0 || end > varints.end) throw this.#corrupt(`a record of ${length} bytes does not fit`);
    varints.position += 1; // attributes: none are defined
    this.timestampDelta = varints.varlong();
    this.restStart = varints.position;
    const offset = this.#header.baseOffset + varints.varint();
    if (offset <= this.offset || offset > this.#header.lastOffset) {
      throw this.#corrupt(`offset ${offset} follows ${this.offset}`);
    }
    this.offset = offset;
    const keyBytes = varints.varint();
    this.keyStart = varints.position;
    this.keyEnd = keyBytes < 0 ? -1 : varints.position + keyBytes;
    if (keyBytes > 0) varints.position += keyBytes;
    if (varints.position < end) this.isTombstone = varints.varint() < 0;
    if (keyBytes < -1 || varints.position > end) {
      throw this.#corrupt(`a key of ${keyBytes} bytes does not fit into a record of ${length}`);
    }
    varints.position = end;
    this.end = end;
    return true;
  }

  #corrupt(what: string): Error {
    const { baseOffset, lastOffset } = this.#header;
    return corrupt(`the batch of offsets ${baseOffset} to ${lastOffset} is damaged: ${what}`);
  }
}
