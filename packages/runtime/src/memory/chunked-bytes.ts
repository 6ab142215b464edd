const minChunkBytes = 256;
const maxChunkBytes = 256 * 1024;

/**
 * Bytes that grow at the end and are cut from the end. They lie in chunks that never move: appending does not copy what
 * is there, reading finds its chunk by binary search, and what is reserved beyond the bytes stays below their number
 * and below 256 KiB.
 */
export class ChunkedBytes {
  #chunks: Buffer[] = [];
  /** Position of each chunk's first byte. */
  #starts: number[] = [];
  #byteLength = 0;

  get byteLength(): number {
    return this.#byteLength;
  }

  /** With what is kept free for the next bytes. */
  get reservedBytes(): number {
    return this.#chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  }

  append(bytes: Uint8Array): void {
    let taken = this.#fillLastChunk(bytes);
    while (taken < bytes.byteLength) {
      const missing = bytes.byteLength - taken;
      const reserve = Math.min(Math.max(this.#byteLength, minChunkBytes), maxChunkBytes);
      this.#chunks.push(Buffer.allocUnsafeSlow(Math.max(missing, reserve)));
      this.#starts.push(this.#byteLength);
      taken += this.#fillLastChunk(bytes.subarray(taken));
    }
  }

  /** A copy of what there is of `[position, position + length)`. */
  read(position: number, length: number): Buffer {
    const end = Math.min(position + length, this.#byteLength);
    if (end <= position) return Buffer.alloc(0);
    const result = Buffer.allocUnsafe(end - position);
    let copied = 0;
    for (let index = this.#indexOf(position); copied < result.length; index++) {
      const from = position + copied - this.#start(index);
      const to = Math.min(from + result.length - copied, this.#chunk(index).length);
      copied += this.#chunk(index).copy(result, copied, from, to);
    }
    return result;
  }

  /** Cuts what lies beyond `size`, or fills up to it with zeros. */
  resize(size: number): void {
    if (size > this.#byteLength) this.append(Buffer.alloc(size - this.#byteLength));
    this.#byteLength = size;
    while (this.#starts.length > 0 && this.#start(this.#starts.length - 1) >= size) {
      this.#starts.pop();
      this.#chunks.pop();
    }
  }

  #fillLastChunk(bytes: Uint8Array): number {
    const last = this.#chunks.length - 1;
    if (last < 0) return 0;
    const chunk = this.#chunk(last);
    const used = this.#byteLength - this.#start(last);
    const taken = Math.min(chunk.length - used, bytes.byteLength);
    chunk.set(taken === bytes.byteLength ? bytes : bytes.subarray(0, taken), used);
    this.#byteLength += taken;
    return taken;
  }

  #indexOf(position: number): number {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.#start(middle) <= position) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  #chunk(index: number): Buffer {
    const chunk = this.#chunks[index];
    if (chunk === undefined) throw new RangeError(`no chunk ${index} of ${this.#chunks.length}`);
    return chunk;
  }

  #start(index: number): number {
    const start = this.#starts[index];
    if (start === undefined) throw new RangeError(`no chunk ${index} of ${this.#starts.length}`);
    return start;
  }
}
