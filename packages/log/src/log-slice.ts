import type { Offset } from '@millrace/record';
import { corruptAt } from './batch-scan.ts';
import type { LogSlice } from './log.ts';
import type { Segment } from './segment.ts';

/** A run of whole batches that still lies in a segment's file, which stays open until the slice is released. */
export class SegmentSlice implements LogSlice {
  readonly baseOffset: Offset;
  readonly byteLength: number;
  readonly file?: { readonly descriptor: number; readonly position: number };
  readonly #segment: Segment;
  readonly #position: number;
  /** The first bytes, where finding the slice has read them. */
  readonly #held: Buffer | undefined;
  #released = false;

  constructor(segment: Segment, position: number, end: number, baseOffset: Offset, held?: Buffer) {
    this.baseOffset = baseOffset;
    this.byteLength = end - position;
    this.#segment = segment;
    this.#position = position;
    this.#held = held;
    const { descriptor } = segment.file;
    if (descriptor !== undefined) this.file = { descriptor, position };
    segment.acquire();
  }

  async read(from: number, length: number): Promise<Buffer> {
    if (this.#released) throw new Error('a slice was read after its release');
    if (from < 0 || length < 0 || from + length > this.byteLength) {
      throw new RangeError(`[${from}, ${from + length}) is outside a slice of ${this.byteLength} bytes`);
    }
    // A copy: the buffer is the caller's, and so is that of the next call.
    if (this.#held !== undefined && from + length <= this.#held.length)
      return Buffer.from(this.#held.subarray(from, from + length));
    const bytes = await this.#segment.file.read(this.#position + from, length);
    if (bytes.length !== length) {
      throw corruptAt(this.#segment, this.#position + from + bytes.length, 'the file has become shorter');
    }
    return bytes;
  }

  release(): void {
    if (this.#released) return;
    this.#released = true;
    this.#segment.release();
  }
}

/** Nothing to read at `baseOffset` yet. */
export function emptySlice(baseOffset: Offset): LogSlice {
  return { baseOffset, byteLength: 0, read: readNothing, release: () => undefined };
}

function readNothing(from: number, length: number): Promise<Buffer> {
  return from === 0 && length === 0
    ? Promise.resolve(Buffer.alloc(0))
    : Promise.reject(new RangeError(`[${from}, ${from + length}) is outside an empty slice`));
}
