import type { ByteRange } from '@millrace/runtime';

const slabBytes = 64 * 1024;
const lengthBytes = 4;
const twoTo32 = 2 ** 32;

/**
 * Writes frames, one after another, into memory that is never used twice, so that what it handed out stays valid. Record
 * batches are not copied: they stand between the written pieces as they are. One serves all connections of a codec: a
 * frame is begun and finished in one go.
 */
export class Writer {
  #slab = Buffer.allocUnsafeSlow(slabBytes);
  /** Of the piece that is being written. */
  #start = 0;
  #at = 0;
  #pieces: (Uint8Array | ByteRange)[] = [];
  #pieceBytes = 0;

  /** Begins a frame, forgetting an unfinished one. */
  begin(): void {
    this.#at = this.#start;
    this.#pieces = [];
    this.#pieceBytes = 0;
    this.int32(0);
  }

  /** The frame, its length first. RangeError when it is longer than a length can say. */
  finish(): (Uint8Array | ByteRange)[] {
    this.#endPiece();
    const length = this.#pieceBytes - lengthBytes;
    if (length > 0x7fffffff) throw new RangeError(`a frame of ${length} bytes is too long to be sent`);
    const pieces = this.#pieces;
    (pieces[0] as Buffer).writeInt32BE(length, 0);
    this.#pieces = [];
    return pieces;
  }

  int8(value: number): void {
    const at = this.#reserve(1); // before the slab is looked at: it may be another one now
    this.#at = this.#slab.writeInt8(value, at);
  }

  int16(value: number): void {
    const at = this.#reserve(2);
    this.#at = this.#slab.writeInt16BE(value, at);
  }

  int32(value: number): void {
    const at = this.#reserve(4);
    this.#at = this.#slab.writeInt32BE(value, at);
  }

  int64(value: number): void {
    if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is not a whole number within 2^53`);
    const at = this.#reserve(8);
    const high = Math.floor(value / twoTo32);
    this.#slab.writeInt32BE(high, at);
    this.#at = this.#slab.writeUInt32BE(value - high * twoTo32, at + 4);
  }

  uvarint(value: number): void {
    let at = this.#reserve(5);
    let rest = value;
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) this.#slab[at++] = (rest % 0x80) | 0x80;
    this.#slab[at++] = rest;
    this.#at = at;
  }

  /** UTF-8 of a known length. */
  text(value: string, length: number): void {
    const at = this.#reserve(length);
    this.#slab.write(value, at, length, 'utf8');
    this.#at = at + length;
  }

  bytes(value: Uint8Array): void {
    const at = this.#reserve(value.byteLength);
    this.#slab.set(value, at);
    this.#at = at + value.byteLength;
  }

  /** Goes out as it is: a range passes to whoever gets the frame. An empty one is released here. */
  records(value: Uint8Array | ByteRange): void {
    if (value.byteLength === 0) {
      if ('release' in value) value.release();
      return;
    }
    this.#endPiece();
    this.#pieces.push(value);
    this.#pieceBytes += value.byteLength;
  }

  /** Writes something (no records) with its size before it, as a varint. */
  sized(write: () => void): void {
    const mark = this.#at - this.#start;
    this.#at = this.#reserve(1) + 1;
    write();
    const size = this.#at - this.#start - mark - 1;
    const sizeBytes = varintBytes(size);
    this.#reserve(sizeBytes + 4);
    const from = this.#start + mark;
    this.#slab.copyWithin(from + sizeBytes, from + 1, this.#at);
    this.#at = from;
    this.uvarint(size);
    this.#at = from + sizeBytes + size;
  }

  #endPiece(): void {
    if (this.#at === this.#start) return;
    const piece = this.#slab.subarray(this.#start, this.#at);
    this.#pieces.push(piece);
    this.#pieceBytes += piece.length;
    this.#start = this.#at;
  }

  /** Where the next `length` bytes go. */
  #reserve(length: number): number {
    if (this.#at + length <= this.#slab.length) return this.#at;
    const written = this.#at - this.#start;
    const slab = Buffer.allocUnsafeSlow(Math.max(slabBytes, 2 * (written + length)));
    this.#slab.copy(slab, 0, this.#start, this.#at);
    this.#slab = slab;
    this.#start = 0;
    this.#at = written;
    return written;
  }
}

function varintBytes(value: number): number {
  let bytes = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes += 1;
  return bytes;
}
