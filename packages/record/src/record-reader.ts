import type { BatchHeader } from './batch-header.ts';
import { corrupt } from './errors.ts';
import type { LogRecord, Offset, RecordHeader } from './record.ts';
import { VarintReader } from './varint.ts';

const noHeaders: readonly RecordHeader[] = Object.freeze([]);

/** Reads the records of one batch from its (decompressed) bytes. */
export class RecordReader {
  readonly #bytes: Buffer;
  readonly #varints: VarintReader;
  readonly #header: BatchHeader;
  readonly #from: Offset;
  /** -1 unless the broker's time stands for all records. */
  readonly #appendTimestamp: number;
  #remaining: number;
  #lastOffset: Offset;

  /** The records lie in `bytes[start, end)`; those before offset `from` are skipped. */
  constructor(header: BatchHeader, bytes: Buffer, start: number, end: number, from: Offset) {
    this.#bytes = bytes;
    this.#varints = new VarintReader(bytes, start, end);
    this.#header = header;
    this.#from = from;
    this.#appendTimestamp = header.timestampType === 'append' ? header.maxTimestamp : -1;
    this.#remaining = header.recordCount;
    this.#lastOffset = header.baseOffset - 1;
  }

  /** undefined at the end. CORRUPT_MESSAGE. */
  next(): LogRecord | undefined {
    const varints = this.#varints;
    const header = this.#header;
    while (this.#remaining > 0) {
      this.#remaining -= 1;
      const length = varints.varint();
      const end = varints.position + length;
      if (length < 0 || end > varints.end) throw this.#corrupt(`a record of ${length} bytes does not fit`);
      varints.position += 1; // attributes: none are defined
      const timestamp = header.baseTimestamp + varints.varlong();
      const offset = header.baseOffset + varints.varint();
      if (offset <= this.#lastOffset || offset > header.lastOffset) {
        throw this.#corrupt(`offset ${offset} follows ${this.#lastOffset}`);
      }
      this.#lastOffset = offset;
      if (offset < this.#from) {
        if (varints.position > end) throw this.#corrupt(`a record of ${length} bytes is too short`);
        varints.position = end;
        continue;
      }
      const key = this.#field();
      const value = this.#field();
      const headerCount = varints.varint();
      const headers = headerCount === 0 ? noHeaders : this.#headers(headerCount);
      if (varints.position !== end)
        throw this.#corrupt(`a record ends at byte ${varints.position}, not ${end}`);
      return {
        offset,
        timestamp: this.#appendTimestamp < 0 ? this.#checked(timestamp) : this.#appendTimestamp,
        key,
        value,
        headers,
      };
    }
    if (varints.position !== varints.end) {
      throw this.#corrupt(`${varints.end - varints.position} bytes follow the last record`);
    }
    return undefined;
  }

  #field(): Buffer | null {
    const varints = this.#varints;
    const length = varints.varint();
    if (length < 0) {
      if (length === -1) return null;
      throw this.#corrupt(`a field has length ${length}`);
    }
    const start = varints.position;
    const end = start + length;
    if (end > varints.end) throw this.#corrupt(`a field of ${length} bytes does not fit`);
    varints.position = end;
    return this.#bytes.subarray(start, end);
  }

  /** Grows with what is really there, not with the declared count. */
  #headers(count: number): readonly RecordHeader[] {
    if (count < 0) throw this.#corrupt(`a record has ${count} headers`);
    const headers: RecordHeader[] = [];
    for (let i = 0; i < count; i += 1) {
      const key = this.#field();
      if (key === null) throw this.#corrupt('a header has no key');
      headers.push({ key: key.toString('utf8'), value: this.#field() });
    }
    return headers;
  }

  #checked(timestamp: number): number {
    if (timestamp >= -1 && timestamp <= Number.MAX_SAFE_INTEGER) return timestamp;
    throw this.#corrupt(`a record has timestamp ${timestamp}`);
  }

  #corrupt(what: string): Error {
    const { baseOffset, lastOffset } = this.#header;
    return corrupt(`the batch of offsets ${baseOffset} to ${lastOffset} is damaged: ${what}`);
  }
}
