import type { OpenFile } from '@millrace/runtime';

/** Reads a file forward in large pieces and hands out small ones: a scan costs one read a piece, not one a batch. */
export class FileWindow {
  readonly #file: OpenFile;
  readonly #end: number;
  readonly #mostBytes: number;
  #pieceBytes: number;
  #bytes: Buffer = Buffer.alloc(0);
  #from = 0;

  /** Nothing at or after `end` is read. Pieces double up to `mostBytes` while the next one begins near the end of the last. */
  constructor(file: OpenFile, end: number, pieceBytes: number, mostBytes = pieceBytes) {
    this.#file = file;
    this.#end = end;
    this.#pieceBytes = pieceBytes;
    this.#mostBytes = mostBytes;
  }

  /** The bytes that are in memory; `position` is where `offset` of `view` lies. */
  get bytes(): Buffer {
    return this.#bytes;
  }

  /** Where in `bytes` the file's `position` is, when `length` bytes from there are in memory; else -1. */
  find(position: number, length: number): number {
    const at = position - this.#from;
    return at >= 0 && at + length <= this.#bytes.length ? at : -1;
  }

  /** Brings `length` bytes from `position` into memory, fewer at the end; returns where in `bytes` they begin. */
  async load(position: number, length: number): Promise<number> {
    const wanted = Math.min(length, Math.max(0, this.#end - position));
    const found = this.find(position, wanted);
    if (found >= 0) return found;
    const isNear = position - this.#from < this.#bytes.length + this.#pieceBytes;
    if (this.#bytes.length > 0 && isNear) this.#pieceBytes = Math.min(2 * this.#pieceBytes, this.#mostBytes);
    const piece = Math.min(Math.max(wanted, this.#pieceBytes), this.#end - position);
    this.#bytes = await this.#file.read(position, piece);
    this.#from = position;
    return 0;
  }
}
