import { hash } from 'node:crypto';
import type { Offset } from '@millrace/record';
import type { Random } from '@millrace/runtime';

const keyWords = 4;
/** The last byte of a slot's key says how long the key is, or that a digest stands for it. */
const exactBytes = 15;
const digested = 0xff;
const firstEntries = 1024;
const fullest = 0.8;

/** Of one entry: sixteen bytes for the key, eight for its offset. */
export const entryBytes = 24;

/**
 * The newest offset of each key, in bounded memory. Keys of up to fifteen bytes are kept as they are; of longer ones
 * the first fifteen bytes of their SHA-256, which no two keys are known to share. Open addressing; the seed keeps chosen keys
 * from piling up in one place.
 */
export class KeyOffsets {
  readonly #maxBytes: number;
  readonly #seed: number;
  readonly #scratch = new Uint8Array(keyWords * 4);
  readonly #scratchWords = new Uint32Array(this.#scratch.buffer);
  #capacity: number;
  #keys: Uint32Array;
  /** One more than the offset; 0: nobody's. */
  #offsets: Float64Array;
  #count = 0;

  /** `maxBytes`: of what is allocated at any moment, at least one entry. */
  constructor(maxBytes: number, random: Random) {
    this.#maxBytes = maxBytes;
    this.#seed = random.int(2 ** 31);
    this.#capacity = Math.max(2, Math.min(firstEntries, Math.floor(maxBytes / entryBytes)));
    this.#keys = new Uint32Array(this.#capacity * keyWords);
    this.#offsets = new Float64Array(this.#capacity);
  }

  /** How many keys. */
  get count(): number {
    return this.#count;
  }

  get allocatedBytes(): number {
    return this.#capacity * entryBytes;
  }

  /** The key is `bytes[start, end)`. false when it is new and there is no room for another. */
  set(bytes: Buffer, start: number, end: number, offset: Offset): boolean {
    this.#load(bytes, start, end);
    let slot = this.#find();
    if (this.#offsets[slot] === 0) {
      if (this.#count >= Math.max(1, Math.floor(this.#capacity * fullest))) {
        if (!this.#grow()) return false;
        slot = this.#find();
      }
      this.#keys.set(this.#scratchWords, slot * keyWords);
      this.#count += 1;
    }
    this.#offsets[slot] = offset + 1;
    return true;
  }

  /** undefined for a key that was not set. */
  get(bytes: Buffer, start: number, end: number): Offset | undefined {
    this.#load(bytes, start, end);
    const found = this.#offsets[this.#find()] as number;
    return found === 0 ? undefined : found - 1;
  }

  #load(bytes: Buffer, start: number, end: number): void {
    const scratch = this.#scratch;
    const length = end - start;
    if (length <= exactBytes) {
      for (let at = 0; at < length; at += 1) scratch[at] = bytes[start + at] as number;
      for (let at = length; at < exactBytes; at += 1) scratch[at] = 0;
      scratch[exactBytes] = length;
      return;
    }
    const digest = hash('sha256', bytes.subarray(start, end), 'binary');
    for (let at = 0; at < exactBytes; at += 1) scratch[at] = digest.charCodeAt(at);
    scratch[exactBytes] = digested;
  }

  /** The slot of the loaded key, or the free one where it belongs. */
  #find(): number {
    const words = this.#scratchWords;
    const [first, second, third, fourth] = [words[0], words[1], words[2], words[3]];
    const keys = this.#keys;
    let slot = this.#home(words, 0);
    for (;;) {
      if (this.#offsets[slot] === 0) return slot;
      const at = slot * keyWords;
      if (
        keys[at] === first &&
        keys[at + 1] === second &&
        keys[at + 2] === third &&
        keys[at + 3] === fourth
      ) {
        return slot;
      }
      slot = slot + 1 === this.#capacity ? 0 : slot + 1;
    }
  }

  #home(words: Uint32Array, from: number): number {
    let mixed = this.#seed;
    for (let word = 0; word < keyWords; word += 1) {
      mixed = Math.imul(mixed ^ (words[from + word] as number), 0x9e3779b1);
      mixed ^= mixed >>> 15;
      mixed = Math.imul(mixed, 0x85ebca6b);
      mixed ^= mixed >>> 13;
    }
    return Math.floor(((mixed >>> 0) / 2 ** 32) * this.#capacity);
  }

  /** Old and new lie side by side for a moment, and both count. */
  #grow(): boolean {
    const room = Math.floor((this.#maxBytes - this.allocatedBytes) / entryBytes);
    const capacity = Math.min(this.#capacity * 2, room);
    if (capacity <= this.#capacity) return false;
    const keys = this.#keys;
    const offsets = this.#offsets;
    this.#capacity = capacity;
    this.#keys = new Uint32Array(capacity * keyWords);
    this.#offsets = new Float64Array(capacity);
    for (let old = 0; old < offsets.length; old += 1) {
      if (offsets[old] === 0) continue;
      let slot = this.#home(keys, old * keyWords);
      while (this.#offsets[slot] !== 0) slot = slot + 1 === capacity ? 0 : slot + 1;
      this.#keys.set(keys.subarray(old * keyWords, (old + 1) * keyWords), slot * keyWords);
      this.#offsets[slot] = offsets[old] as number;
    }
    return true;
  }
}
