/**
 * A run of bytes that may still lie in a file. The transport sends it from the file where it can, else reads it in
 * bounded pieces. It has exactly one owner, who calls `release` when done: the transport after sending or on close,
 * in process the receiver. Until then the file stays.
 */
export interface ByteRange {
  readonly byteLength: number;
  /** Where the kernel finds the bytes, when they lie in one file. */
  readonly file?: { readonly descriptor: number; readonly position: number };
  /** Bytes `[from, from + length)` of the range, whole. A range that has become shorter rejects with CORRUPT_MESSAGE or EIO. */
  read(from: number, length: number): Promise<Buffer>;
  /** Idempotent. */
  release(): void;
}
