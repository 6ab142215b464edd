import type { ByteRange } from '@millrace/runtime';

const slabBytes = 64 * 1024;
/** int32 length, int32 envelope length. */
const headBytes = 8;
/** Up to here a loop over characters is faster than a call into the runtime. */
const shortText = 48;

/**
 * Writes frames, one after another, into memory that is never used twice, so that what it handed out stays valid. It
 * serves all connections of a codec: a frame is begun and finished in one go.
 */
export class EnvelopeWriter {
  #slab = Buffer.allocUnsafeSlow(slabBytes);
  #start = 0;
  #at = headBytes;
  #beside: (Uint8Array | ByteRange)[] = [];
  #besideBytes = 0;

  /** Forgets what an unfinished frame wrote. */
  begin(): void {
    this.#at = this.#start + headBytes;
    if (this.#beside.length > 0) this.#beside = [];
    this.#besideBytes = 0;
  }

  /** The frame, length first. RangeError when it is longer than a length can say. */
  finish(): (Uint8Array | ByteRange)[] {
    const frame = this.finishEnvelope();
    return this.#beside.length === 0 ? [frame] : [frame, ...this.#beside];
  }

  /** The frame without what lies beside its envelope. */
  finishEnvelope(): Uint8Array {
    this.#reserve(0);
    const envelopeBytes = this.#at - this.#start - headBytes;
    const frameBytes = 4 + envelopeBytes + this.#besideBytes;
    if (frameBytes > 0x7fffffff)
      throw new RangeError(`a frame of ${frameBytes} bytes is too long to be sent`);
    this.#slab.writeInt32BE(frameBytes, this.#start);
    this.#slab.writeInt32BE(envelopeBytes, this.#start + 4);
    const frame = this.#slab.subarray(this.#start, this.#at);
    this.#start = this.#at;
    return frame;
  }

  nil(): void {
    this.#byte(0xc0);
  }

  flag(value: boolean): void {
    this.#byte(value ? 0xc3 : 0xc2);
  }

  /** Batches go beside the envelope, which holds their length. */
  beside(bytes: Uint8Array | ByteRange): void {
    this.integer(bytes.byteLength);
    if (bytes.byteLength > 0) this.#beside.push(bytes);
    else if ('release' in bytes) bytes.release();
    this.#besideBytes += bytes.byteLength;
  }

  /** The head of a list of `count` items. */
  list(count: number): void {
    if (count < 16) this.#byte(0x90 | count);
    else if (count < 0x10000) this.#word16(0xdc, count);
    else this.#word32(0xdd, count);
  }

  integer(value: number): void {
    if (value >= 0) {
      if (value < 0x80) this.#byte(value);
      else if (value < 0x100) this.#word8(0xcc, value);
      else if (value < 0x10000) this.#word16(0xcd, value);
      else if (value < 0x100000000) this.#word32(0xce, value);
      else this.#word64(0xcf, value);
    } else if (value >= -0x20) this.#byte(value & 0xff);
    else if (value >= -0x80) this.#word8(0xd0, value & 0xff);
    else if (value >= -0x8000) this.#word16(0xd1, value & 0xffff);
    else if (value >= -0x80000000) this.#word32(0xd2, value >>> 0);
    else this.#word64(0xd3, value);
  }

  text(value: string): void {
    if (value.length <= 31 && this.#shortAscii(value, 1)) {
      this.#slab[this.#at] = 0xa0 | value.length;
      this.#at += 1 + value.length;
      return;
    }
    if (value.length <= shortText && this.#shortAscii(value, 2)) {
      this.#slab[this.#at] = 0xd9;
      this.#slab[this.#at + 1] = value.length;
      this.#at += 2 + value.length;
      return;
    }
    const bytes = Buffer.byteLength(value);
    if (bytes < 0x20) this.#byte(0xa0 | bytes);
    else if (bytes < 0x100) this.#word8(0xd9, bytes);
    else if (bytes < 0x10000) this.#word16(0xda, bytes);
    else this.#word32(0xdb, bytes);
    this.#reserve(bytes);
    this.#at += this.#slab.write(value, this.#at, bytes, 'utf8');
  }

  /** Whether the text is ASCII and now lies `headLength` bytes behind the present position. */
  #shortAscii(value: string, headLength: number): boolean {
    this.#reserve(headLength + value.length);
    const slab = this.#slab;
    const from = this.#at + headLength;
    for (let i = 0; i < value.length; i++) {
      const code = value.charCodeAt(i);
      if (code >= 0x80) return false;
      slab[from + i] = code;
    }
    return true;
  }

  #byte(value: number): void {
    this.#reserve(1);
    this.#slab[this.#at++] = value;
  }

  #word8(tag: number, value: number): void {
    this.#reserve(2);
    this.#slab[this.#at++] = tag;
    this.#slab[this.#at++] = value;
  }

  #word16(tag: number, value: number): void {
    this.#reserve(3);
    this.#slab[this.#at++] = tag;
    this.#slab[this.#at++] = value >>> 8;
    this.#slab[this.#at++] = value;
  }

  #word32(tag: number, value: number): void {
    this.#reserve(5);
    this.#slab[this.#at++] = tag;
    this.#bytes32(value);
  }

  #word64(tag: number, value: number): void {
    this.#reserve(9);
    this.#slab[this.#at++] = tag;
    this.#bytes32(Math.floor(value / 0x100000000));
    this.#bytes32(value % 0x100000000);
  }

  #bytes32(value: number): void {
    this.#slab[this.#at++] = value >>> 24;
    this.#slab[this.#at++] = value >>> 16;
    this.#slab[this.#at++] = value >>> 8;
    this.#slab[this.#at++] = value;
  }

  /** Makes room for `bytes` more; what the frame holds so far moves to the next slab when this one is full. */
  #reserve(bytes: number): void {
    if (this.#at + bytes <= this.#slab.length) return;
    const used = this.#at - this.#start;
    const next = Buffer.allocUnsafeSlow(Math.max(slabBytes, 2 * (used + bytes)));
    this.#slab.copy(next, 0, this.#start, this.#at);
    this.#slab = next;
    this.#start = 0;
    this.#at = used;
  }
}
