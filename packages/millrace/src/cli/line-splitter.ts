import { cliError } from './errors.ts';
import { byteSize } from './figures.ts';

const newline = 0x0a;

/**
 * Cuts a stream of bytes into lines at `\n` alone, without decoding: a `\r` stays part of its line, so the same bytes
 * come back. Lines inside one chunk are views of it. Holds at most one line, and none longer than `maxLineBytes`.
 */
export class LineSplitter {
  readonly #maxLineBytes: number;
  #parts: Buffer[] = [];
  #heldBytes = 0;
  #lines = 0;

  constructor(options: { maxLineBytes: number }) {
    this.#maxLineBytes = options.maxLineBytes;
  }

  /** The lines that end in this chunk, without their `\n`. LINE_TOO_LONG. */
  push(chunk: Buffer): Buffer[] {
    const lines: Buffer[] = [];
    let start = 0;
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, start)) {
      const line = chunk.subarray(start, end);
      this.#check(line.byteLength);
      lines.push(this.#heldBytes === 0 ? line : this.#joined(line));
      this.#lines += 1;
      start = end + 1;
    }
    if (start < chunk.byteLength) this.#hold(chunk.subarray(start));
    return lines;
  }

  /** The last line, when no `\n` ended it. */
  end(): Buffer | undefined {
    return this.#heldBytes === 0 ? undefined : this.#joined(Buffer.alloc(0));
  }

  #hold(part: Buffer): void {
    this.#check(part.byteLength);
    this.#parts.push(part);
    this.#heldBytes += part.byteLength;
  }

  #joined(last: Buffer): Buffer {
    const line = Buffer.concat([...this.#parts, last]);
    this.#parts = [];
    this.#heldBytes = 0;
    return line;
  }

  #check(more: number): void {
    const bytes = this.#heldBytes + more;
    if (bytes <= this.#maxLineBytes) return;
    throw cliError(
      'LINE_TOO_LONG',
      `line ${this.#lines + 1} is longer than ${byteSize(this.#maxLineBytes)}, the most that is taken`,
      { hint: 'a record is one line, ended by a newline: is this a file of lines?' },
    );
  }
}
