/** Writes numbers big-endian and texts with their length before them, as Kafka does outside its flexible versions. */
export class ByteWriter {
  readonly #parts: Buffer[] = [];

  int16(value: number): this {
    const part = Buffer.allocUnsafe(2);
    part.writeInt16BE(value);
    return this.#add(part);
  }

  int32(value: number): this {
    const part = Buffer.allocUnsafe(4);
    part.writeInt32BE(value);
    return this.#add(part);
  }

  int64(value: number): this {
    const part = Buffer.allocUnsafe(8);
    part.writeBigInt64BE(BigInt(value));
    return this.#add(part);
  }

  /** undefined: null. */
  text(value: string | undefined): this {
    if (value === undefined) return this.int16(-1);
    const bytes = Buffer.from(value, 'utf8');
    return this.int16(bytes.length).#add(bytes);
  }

  bytes(value: Uint8Array): this {
    return this.int32(value.length).#add(Buffer.from(value));
  }

  done(): Buffer {
    return Buffer.concat(this.#parts);
  }

  #add(part: Buffer): this {
    this.#parts.push(part);
    return this;
  }
}

/** Reads what `ByteWriter` wrote. RangeError where the bytes end too early. */
export class ByteReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  int16(): number {
    return this.#bytes.readInt16BE(this.#advance(2));
  }

  int32(): number {
    return this.#bytes.readInt32BE(this.#advance(4));
  }

  int64(): number {
    return Number(this.#bytes.readBigInt64BE(this.#advance(8)));
  }

  /** Of items that have at least a byte each. */
  count(): number {
    const count = this.int32();
    if (count < 0 || count > this.#bytes.length - this.#at)
      throw new RangeError(`there are no ${count} items`);
    return count;
  }

  text(): string {
    return this.nullableText() ?? '';
  }

  nullableText(): string | undefined {
    const length = this.int16();
    return length < 0 ? undefined : this.#slice(length).toString('utf8');
  }

  /** A copy. */
  bytes(): Buffer {
    return Buffer.from(this.#slice(this.int32()));
  }

  #slice(length: number): Buffer {
    if (length < 0) throw new RangeError(`${length} is no length`);
    const start = this.#advance(length);
    return this.#bytes.subarray(start, start + length);
  }

  #advance(length: number): number {
    const start = this.#at;
    if (start + length > this.#bytes.length)
      throw new RangeError(`${length} bytes at ${start} go beyond the end at ${this.#bytes.length}`);
    this.#at += length;
    return start;
  }
}
