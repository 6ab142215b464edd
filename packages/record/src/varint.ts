import { corrupt } from './errors.ts';

/*
 * Base 128, least significant group first, the top bit says that more follow; signed numbers are zigzagged first
 * (0, -1, 1, -2 … become 0, 1, 2, 3 …), as in protocol buffers. A varint holds an int32 in up to 5 bytes, a varlong an
 * int64 in up to 10; of those only the safe integers are taken.
 */

/** Bytes that an int32 takes. */
export function sizeOfVarint(value: number): number {
  const zigzag = ((value << 1) ^ (value >> 31)) >>> 0;
  if (zigzag < 0x80) return 1;
  if (zigzag < 0x4000) return 2;
  if (zigzag < 0x200000) return 3;
  return zigzag < 0x10000000 ? 4 : 5;
}

/** Writes an int32; returns the position behind it. */
export function writeVarint(bytes: Uint8Array, position: number, value: number): number {
  let rest = (value << 1) ^ (value >> 31);
  let at = position;
  while ((rest & ~0x7f) !== 0) {
    bytes[at++] = rest | 0x80;
    rest >>>= 7;
  }
  bytes[at] = rest;
  return at + 1;
}

/** Bytes that a safe integer takes. */
export function sizeOfVarlong(value: number): number {
  if ((value | 0) === value) return sizeOfVarint(value);
  let rest = Math.floor(magnitude(value) / 64);
  let size = 1;
  for (; rest > 0; rest = Math.floor(rest / 128)) size += 1;
  return size;
}

/** Writes a safe integer; returns the position behind it. */
export function writeVarlong(bytes: Uint8Array, position: number, value: number): number {
  if ((value | 0) === value) return writeVarint(bytes, position, value);
  // Zigzagged it may exceed 2^53, so the sign goes into the first group before the rest is divided.
  const unsigned = magnitude(value);
  let group = (unsigned % 64) * 2 + (value < 0 ? 1 : 0);
  let rest = Math.floor(unsigned / 64);
  let at = position;
  while (rest > 0) {
    bytes[at++] = group | 0x80;
    group = rest % 128;
    rest = Math.floor(rest / 128);
  }
  bytes[at] = group;
  return at + 1;
}

function magnitude(value: number): number {
  return value < 0 ? -(value + 1) : value;
}

/** Reads varints one after the other and never past its end. */
export class VarintReader {
  readonly bytes: Uint8Array;
  position: number;
  /** Exclusive. */
  readonly end: number;

  constructor(bytes: Uint8Array, position: number, end: number) {
    this.bytes = bytes;
    this.position = position;
    this.end = end;
  }

  /** An int32. CORRUPT_MESSAGE when it does not end within 5 bytes, or not before the end. */
  varint(): number {
    const position = this.position;
    if (position < this.end) {
      const byte = this.bytes[position] as number;
      if (byte < 0x80) {
        this.position = position + 1;
        return (byte >>> 1) ^ -(byte & 1);
      }
    }
    return this.#longVarint();
  }

  /** A safe integer. CORRUPT_MESSAGE when it is not one, does not end within 10 bytes, or not before the end. */
  varlong(): number {
    const position = this.position;
    if (position < this.end) {
      const byte = this.bytes[position] as number;
      if (byte < 0x80) {
        this.position = position + 1;
        return (byte >>> 1) ^ -(byte & 1);
      }
    }
    return this.#longVarlong();
  }

  #longVarint(): number {
    let zigzag = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.#byte();
      zigzag |= (byte & 0x7f) << shift;
      if (byte < 0x80) {
        if (shift === 28 && byte > 0x0f) break;
        return (zigzag >>> 1) ^ -(zigzag & 1);
      }
    }
    throw corrupt(`a varint that ends at byte ${this.position} exceeds 32 bits`);
  }

  #longVarlong(): number {
    // The lowest bit is the sign; the magnitude grows without it, so that 2^53 - 1 stays exact.
    let byte = this.#byte();
    const negative = (byte & 1) === 1;
    let unsigned = (byte & 0x7f) >>> 1;
    let weight = 64;
    for (let groups = 1; byte >= 0x80; groups += 1) {
      if (groups === 10) throw corrupt(`a varlong that ends at byte ${this.position} exceeds 64 bits`);
      byte = this.#byte();
      unsigned += (byte & 0x7f) * weight;
      weight *= 128;
    }
    if (unsigned > Number.MAX_SAFE_INTEGER) {
      throw corrupt(`a varlong that ends at byte ${this.position} is beyond 2^53`);
    }
    const value = negative ? -unsigned - 1 : unsigned;
    if (!Number.isSafeInteger(value)) {
      throw corrupt(`a varlong that ends at byte ${this.position} is beyond 2^53`);
    }
    return value;
  }

  #byte(): number {
    if (this.position >= this.end) throw corrupt(`a varint runs past byte ${this.end}`);
    return this.bytes[this.position++] as number;
  }
}
