const lengthBytes = 4;

/** Smaller pieces of a frame are joined as they come, so that a peer that sends byte by byte costs no more than its bytes. */
const smallPieceBytes = 16 * 1024;

/**
 * Cuts a stream of chunks into frames: int32 length, then that many bytes. A frame inside one chunk is a view of it; one
 * across chunks is joined once. The length alone decides whether a frame is taken, and a length alone allocates nothing:
 * what the reader holds on to never exceeds what came and was not taken.
 */
export class FrameReader {
  readonly #maxFrameBytes: () => number;
  readonly #chunks: Buffer[] = [];
  /** Where the first chunk has been read to. */
  #at = 0;
  readonly #header = Buffer.alloc(lengthBytes);
  #headerBytes = 0;
  /** Of the frame that comes next, once its four bytes are here. */
  #length: number | undefined;
  /** Of that frame, when it lies across chunks. */
  #pieces: Buffer[] = [];
  #gatheredBytes = 0;

  /** The limit is asked for each frame: it may change with what the frames before said. */
  constructor(maxFrameBytes: () => number) {
    this.#maxFrameBytes = maxFrameBytes;
  }

  /** Whether bytes are here that belong to a frame not yet taken. */
  get isPartial(): boolean {
    return this.#chunks.length > 0 || this.#headerBytes > 0;
  }

  /** Adds what came; the chunk is the reader's from now on. */
  push(chunk: Buffer): void {
    if (chunk.length > 0) this.#chunks.push(chunk);
  }

  /** What the next frame says its length is; undefined until its four bytes are here. */
  nextLength(): number | undefined {
    while (this.#length === undefined) {
      const chunk = this.#chunks[0];
      if (chunk === undefined) return undefined;
      if (this.#headerBytes === 0 && chunk.length - this.#at >= lengthBytes) {
        this.#length = chunk.readInt32BE(this.#at);
        this.#headerBytes = lengthBytes;
        this.#skip(chunk, lengthBytes);
        break;
      }
      const copied = chunk.copy(this.#header, this.#headerBytes, this.#at);
      this.#headerBytes += copied;
      this.#skip(chunk, copied);
      if (this.#headerBytes === lengthBytes) this.#length = this.#header.readInt32BE(0);
    }
    return this.#length;
  }

  /** The next whole frame without its length; undefined: more is needed; `{ refused }`: a length that is not taken, the stream is lost. */
  next(): Buffer | { readonly refused: number } | undefined {
    const length = this.nextLength();
    if (length === undefined) return undefined;
    if (length < 0 || length > this.#maxFrameBytes()) return { refused: length };
    const frame = this.#viewOf(length) ?? this.#join(length);
    if (frame === undefined) return undefined;
    this.#length = undefined;
    this.#headerBytes = 0;
    return frame;
  }

  #viewOf(length: number): Buffer | undefined {
    if (this.#gatheredBytes > 0) return undefined;
    const chunk = this.#chunks[0];
    if (chunk === undefined) return length === 0 ? Buffer.alloc(0) : undefined;
    if (chunk.length - this.#at < length) return undefined;
    const view = chunk.subarray(this.#at, this.#at + length);
    this.#skip(chunk, length);
    return view;
  }

  #join(length: number): Buffer | undefined {
    for (let chunk = this.#chunks[0]; chunk !== undefined; chunk = this.#chunks[0]) {
      const piece = chunk.subarray(this.#at, this.#at + length - this.#gatheredBytes);
      this.#gather(piece);
      this.#skip(chunk, piece.length);
      if (this.#gatheredBytes < length) continue;
      const frame = Buffer.concat(this.#pieces, length);
      this.#pieces = [];
      this.#gatheredBytes = 0;
      return frame;
    }
    return undefined;
  }

  #gather(piece: Buffer): void {
    this.#gatheredBytes += piece.length;
    let last = piece;
    for (let before = this.#pieces.at(-1); before !== undefined; before = this.#pieces.at(-1)) {
      if (last.length >= smallPieceBytes || before.length > last.length) break;
      this.#pieces.pop();
      last = Buffer.concat([before, last]);
    }
    this.#pieces.push(last);
  }

  #skip(chunk: Buffer, bytes: number): void {
    this.#at += bytes;
    if (this.#at < chunk.length) return;
    this.#chunks.shift();
    this.#at = 0;
  }
}
