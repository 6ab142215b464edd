/** What was read is not what the schema says; the connection it came over is not to be trusted any more. */
export class MalformedMessage extends Error {
  override readonly name: string = 'MalformedMessage';
}

const twoTo32 = 2 ** 32;
const longestVarint = 5;

/**
 * Reads the numbers and texts of a message, never beyond its end. Bytes are handed out as views. The items of all lists of
 * a message share one budget, so that a small message cannot become a large object.
 */
export class Reader {
  readonly #bytes: Buffer;
  #at: number;
  /** Behind the last byte that may be read; less than the message's end inside a tagged field. */
  #end: number;
  #itemsLeft: number;

  constructor(bytes: Buffer, maxItems: number) {
    this.#bytes = bytes;
    this.#at = 0;
    this.#end = bytes.length;
    this.#itemsLeft = maxItems;
  }

  get remaining(): number {
    return this.#end - this.#at;
  }

  int8(): number {
    return this.#bytes.readInt8(this.#take(1));
  }

  int16(): number {
    return this.#bytes.readInt16BE(this.#take(2));
  }

  int32(): number {
    return this.#bytes.readInt32BE(this.#take(4));
  }

  /** What is beyond 2^53 is taken as 2^53 - 1: no offset, id or time is as large. */
  int64(): number {
    const at = this.#take(8);
    const value = this.#bytes.readInt32BE(at) * twoTo32 + this.#bytes.readUInt32BE(at + 4);
    if (value > Number.MAX_SAFE_INTEGER) return Number.MAX_SAFE_INTEGER;
    return value < Number.MIN_SAFE_INTEGER ? Number.MIN_SAFE_INTEGER : value;
  }

  /** An unsigned varint of 32 bits. */
  uvarint(): number {
    let value = 0;
    for (let place = 0; place < longestVarint; place += 1) {
      const byte = this.#bytes[this.#take(1)] as number;
      value += (byte & 0x7f) * 2 ** (7 * place);
      if (byte < 0x80) {
        if (value < twoTo32) return value;
        break;
      }
    }
    throw new MalformedMessage('a varint has more than 32 bits');
  }

  text(length: number): string {
    const from = this.#take(length);
    return this.#bytes.toString('utf8', from, from + length);
  }

  view(length: number): Buffer {
    const from = this.#take(length);
    return this.#bytes.subarray(from, from + length);
  }

  skip(length: number): void {
    this.#take(length);
  }

  /** A list of so many items begins: each takes at least a byte. */
  items(count: number): void {
    if (count > this.remaining)
      throw new MalformedMessage(`a list says that it has ${count} items, in ${this.remaining} bytes`);
    this.#itemsLeft -= count;
    if (this.#itemsLeft < 0) throw new MalformedMessage('the lists of a message have too many items');
  }

  /** Reads something that must take exactly the next `length` bytes. */
  within<Value>(length: number, read: () => Value): Value {
    const outer = this.#end;
    const end = this.#take(length) + length;
    this.#at = end - length;
    this.#end = end;
    const value = read();
    if (this.#at !== end) throw new MalformedMessage(`a tagged field of ${length} bytes has bytes left`);
    this.#end = outer;
    return value;
  }

  #take(length: number): number {
    const from = this.#at;
    if (length < 0 || length > this.#end - from)
      throw new MalformedMessage(
        `${length} bytes were expected at byte ${from}, and ${this.remaining} are there`,
      );
    this.#at = from + length;
    return from;
  }
}
