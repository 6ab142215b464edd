import { join } from 'node:path';
import { type BatchHeader, type Offset, readBatchHeader } from '@millrace/record';
import type { FileSystem, OpenFile } from '@millrace/runtime';
import { type LogConfig, largestPosition } from '../config.ts';
import { logError } from '../errors.ts';
import { Segment } from '../segment.ts';
import { segmentFileName } from '../segment-name.ts';
import { cleanedFileName } from './swap-name.ts';

const writeBytes = 1024 * 1024;

/** The file of a segment in the making: written beside the log, its name not one that opening takes for a segment's. */
export class CleanedFile {
  readonly path: string;
  readonly #segment: Segment;
  readonly #indexIntervalBytes: number;
  /** Batches are copied: one that is kept must not hold on to all that was read with it. */
  readonly #buffer: Buffer;
  #used = 0;

  private constructor(path: string, segment: Segment, indexIntervalBytes: number, bufferBytes: number) {
    this.path = path;
    this.#segment = segment;
    this.#indexIntervalBytes = indexIntervalBytes;
    this.#buffer = Buffer.allocUnsafeSlow(bufferBytes);
  }

  static async create(
    directory: string,
    baseOffset: Offset,
    { indexIntervalBytes, segmentBytes }: LogConfig,
    files: FileSystem,
  ): Promise<CleanedFile> {
    const path = join(directory, cleanedFileName(baseOffset));
    const bufferBytes = Math.min(writeBytes, segmentBytes);
    const file: OpenFile = await files.open(path, 'create');
    const final = join(directory, segmentFileName(baseOffset, 'log'));
    return new CleanedFile(
      path,
      new Segment({ baseOffset, path: final, file }),
      indexIntervalBytes,
      bufferBytes,
    );
  }

  get sizeInBytes(): number {
    return this.#segment.sizeInBytes;
  }

  /** Behind the last batch. */
  get nextOffset(): Offset {
    return this.#segment.nextOffset;
  }

  /** Takes a copy of a batch. One call at a time. */
  async append(bytes: Buffer, header: BatchHeader = readBatchHeader(bytes)): Promise<void> {
    const position = this.#segment.sizeInBytes;
    if (position + bytes.length > largestPosition) {
      throw logError('LOG_FAILED', `${this.path} would be longer than a segment may be`, { retriable: true });
    }
    const { baseOffset, lastOffset, maxTimestamp } = header;
    const mark = { baseOffset, lastOffset, position, sizeInBytes: bytes.length, maxTimestamp };
    this.#segment.publish(mark, this.#indexIntervalBytes);
    if (this.#used + bytes.length > this.#buffer.length) await this.#write();
    if (bytes.length > this.#buffer.length) await this.#segment.file.append([bytes]);
    else this.#used += bytes.copy(this.#buffer, this.#used);
  }

  /** The segment, its bytes on disk, under the temporary name still. */
  async finish(): Promise<Segment> {
    await this.#write();
    await this.#segment.file.sync();
    return this.#segment;
  }

  async discard(files: FileSystem): Promise<void> {
    await this.#segment.close();
    await files.remove(this.path);
  }

  async #write(): Promise<void> {
    if (this.#used > 0) await this.#segment.file.append([this.#buffer.subarray(0, this.#used)]);
    this.#used = 0;
  }
}
