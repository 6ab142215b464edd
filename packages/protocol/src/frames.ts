/**
 * Cuts a stream of chunks into frames: int32 length, then that many bytes. A frame that lies in one chunk is a view of
 * it; one that spans chunks is joined once. The length alone decides whether a frame is taken, before anything is
 * allocated for it.
 */
export class FrameReader {
  readonly #maxFrameBytes: () => number;
  /** What came and is not consumed, from `#position` on. */
  #chunk: Buffer = none;
  #position = 0;
  /** A frame that spans chunks, and how much of it is there. */
  #joined: Buffer | undefined;
  #filled = 0;

  constructor(maxFrameBytes: () => number) {
    this.#maxFrameBytes = maxFrameBytes;
  }

  /** Whether a frame has begun and not ended. */
  get isPartial(): boolean {
    return this.#joined !== undefined || this.#position < this.#chunk.length;
  }

  /** Adds what came; take all frames with `next` before adding more. */
  push(chunk: Buffer): void {
    const rest = this.#chunk.length - this.#position;
    // Only part of a length can be left over: never more than three bytes are copied.
    this.#chunk = rest === 0 ? chunk : Buffer.concat([this.#chunk.subarray(this.#position), chunk]);
    this.#position = 0;
  }

  /** The next whole frame without its length; undefined: more is needed; `{ refused }`: a length that is not taken, the stream is lost. */
  next(): Buffer | { readonly refused: number } | undefined {
    if (this.#joined === undefined) {
      const available = this.#chunk.length - this.#position;
      if (available < 4) return undefined;
      const length = this.#chunk.readInt32BE(this.#position);
      if (length < 0 || length > this.#maxFrameBytes()) return { refused: length };
      if (available - 4 >= length) {
        const start = this.#position + 4;
        this.#position = start + length;
        return this.#chunk.subarray(start, start + length);
      }
      this.#joined = Buffer.allocUnsafeSlow(length);
      this.#filled = 0;
      this.#position += 4;
    }
    return this.#fill(this.#joined);
  }

  #fill(joined: Buffer): Buffer | undefined {
    const copied = this.#chunk.copy(joined, this.#filled, this.#position);
    this.#position += copied;
    this.#filled += copied;
    if (this.#filled < joined.length) return undefined;
    this.#joined = undefined;
    return joined;
  }
}

const none = Buffer.alloc(0);
