import { type BatchHeader, batchHeaderBytes, crc32c, readBatchHeader, verifyBatch } from '@millrace/record';
import { hasCode, type OpenFile } from '@millrace/runtime';
import { FileWindow } from './file-window.ts';
import type { RottenRange, Segment } from './segment.ts';
import type { SegmentFile } from './segment-file.ts';

/**
 * The unit in which disks write. Where a sector was lost, or was last written when the file ended inside it, its rest
 * is zeros up to its end: a whole sector of them, or a part. So many zeros there are not taken for data.
 */
const sectorBytes = 512;
const unwritten = Buffer.alloc(32);
/** A header that is zeros up to and with its magic. */
const fewestZeros = 17;
const pieceBytes = 1024 * 1024;
const magicAt = 16;
const crcAt = 17;
const crcFrom = 21;
const magic = 2;

/**
 * Verifies the batches of a segment's file behind what the segment already knows, and makes the good ones known.
 * Stops at the first torn one and returns where: the caller cuts there. Damage that a power cut does not explain is
 * kept, and noted as rotten (protocols §F). `successor`: the first offset of the next segment, when that one is sound.
 * `gapsBelow`: compaction may have left gaps between batches that begin below it.
 */
export async function recoverSegment(
  segment: Segment,
  fileBytes: number,
  indexIntervalBytes: number,
  successor: number | undefined,
  gapsBelow: number,
): Promise<number> {
  const scan = new RecoveryScan(segment.file, fileBytes, successor, gapsBelow);
  let position = segment.sizeInBytes;
  while (position < fileBytes) {
    const header =
      scan.tryVerify(position, segment.nextOffset) ?? (await scan.verify(position, segment.nextOffset));
    if (header !== undefined) {
      const { baseOffset, lastOffset, sizeInBytes, maxTimestamp } = header;
      segment.publish({ baseOffset, lastOffset, position, sizeInBytes, maxTimestamp }, indexIntervalBytes);
      position += sizeInBytes;
      continue;
    }
    const damage = await scan.judge(position, segment.nextOffset);
    if (damage === 'torn') return position;
    segment.publishRot(damage);
    position = damage.end;
  }
  return position;
}

/** Whether a file begins with a sound batch of this offset, or behind a gap. */
export async function beginsSoundly(found: SegmentFile, gapsBelow: number): Promise<boolean> {
  const scan = new RecoveryScan(found.file, found.fileBytes, undefined, gapsBelow);
  return (await scan.verify(0, found.baseOffset)) !== undefined;
}

class RecoveryScan {
  readonly #window: FileWindow;
  readonly #end: number;
  readonly #successor: number | undefined;
  readonly #gapsBelow: number;

  constructor(file: OpenFile, end: number, successor: number | undefined, gapsBelow: number) {
    this.#window = new FileWindow(file, end, pieceBytes);
    this.#end = end;
    this.#successor = successor;
    this.#gapsBelow = gapsBelow;
  }

  /** The header of a sound batch with this base offset, when its bytes are in memory already. */
  tryVerify(position: number, baseOffset: number): BatchHeader | undefined {
    const at = this.#window.find(position, batchHeaderBytes);
    if (at < 0) return undefined;
    const header = headerIn(this.#window.bytes, at);
    if (header === undefined || this.#window.find(position, header.sizeInBytes) < 0) return undefined;
    return this.#sound(at, baseOffset);
  }

  async verify(position: number, baseOffset: number): Promise<BatchHeader | undefined> {
    const header = await this.#header(position);
    if (header === undefined || position + header.sizeInBytes > this.#end) return undefined;
    if (header.baseOffset === baseOffset || !(await this.#isBehindGap(header, position, baseOffset))) {
      return this.#sound(await this.#window.load(position, header.sizeInBytes), baseOffset);
    }
    return this.#sound(await this.#window.load(position, header.sizeInBytes), header.baseOffset);
  }

  /** The base offset is outside the checksum: behind a gap it is believed only when what follows agrees with it. */
  async #isBehindGap(header: BatchHeader, position: number, expected: number): Promise<boolean> {
    if (header.baseOffset < expected || header.baseOffset >= this.#gapsBelow) return false;
    const behind = position + header.sizeInBytes;
    if (behind === this.#end) return this.#successor === undefined || header.lastOffset < this.#successor;
    const next = await this.#header(behind);
    return next === undefined || next.baseOffset > header.lastOffset;
  }

  /** What is wrong at `position`, where a batch with offset `expected` should be. */
  async judge(position: number, expected: number): Promise<'torn' | RottenRange> {
    if (this.#end - position < batchHeaderBytes) return 'torn';
    const header = await this.#header(position);
    const claimed = header === undefined ? undefined : position + header.sizeInBytes;
    if (claimed !== undefined && claimed <= this.#end) {
      if ((await this.#zerosIn(position, claimed)) !== undefined) return 'torn';
      const nextOffset = await this.#offsetAt(claimed, expected);
      if (nextOffset !== undefined) return { position, firstOffset: expected, end: claimed, nextOffset };
    }
    const next = await this.#search(position, expected);
    if (next === undefined) return 'torn';
    if (claimed !== undefined && claimed > this.#end && !(await this.#checksumHolds(position, next.end)))
      return 'torn';
    return { position, firstOffset: expected, ...next };
  }

  async #header(position: number): Promise<BatchHeader | undefined> {
    const at = await this.#window.load(position, batchHeaderBytes);
    return headerIn(this.#window.bytes, at);
  }

  #sound(at: number, baseOffset: number): BatchHeader | undefined {
    try {
      const header = verifyBatch(this.#window.bytes, at);
      return header.baseOffset === baseOffset ? header : undefined;
    } catch (error) {
      if (hasCode(error, 'CORRUPT_MESSAGE')) return undefined;
      throw error;
    }
  }

  /** The offset with which the log goes on at `position`, if something sound above `expected` begins there. */
  async #offsetAt(position: number, expected: number): Promise<number | undefined> {
    if (position === this.#end) {
      return this.#successor !== undefined && this.#successor > expected ? this.#successor : undefined;
    }
    const header = await this.#header(position);
    if (header === undefined || header.baseOffset <= expected) return undefined;
    return (await this.verify(position, header.baseOffset)) === undefined ? undefined : header.baseOffset;
  }

  /** The first sound batch behind `position`, unless something that was never written comes first. */
  async #search(
    position: number,
    expected: number,
  ): Promise<{ readonly end: number; readonly nextOffset: number } | undefined> {
    for (let from = position; from < this.#end; from += pieceBytes) {
      const zeros = await this.#zerosIn(from, from + pieceBytes);
      const to = Math.min(from + pieceBytes, zeros ?? this.#end);
      const found = await this.#searchPiece(Math.max(from, position + 1), to, expected);
      if (found !== undefined) return found;
      if (zeros !== undefined) return undefined;
    }
    const nextOffset = await this.#offsetAt(this.#end, expected);
    return nextOffset === undefined ? undefined : { end: this.#end, nextOffset };
  }

  async #searchPiece(
    from: number,
    to: number,
    expected: number,
  ): Promise<{ readonly end: number; readonly nextOffset: number } | undefined> {
    let position = from;
    while (position < to) {
      const length = Math.min(to - position, pieceBytes) + batchHeaderBytes;
      const at = await this.#window.load(position, length);
      const hit = this.#window.bytes.indexOf(magic, at + magicAt);
      if (hit < 0) return undefined;
      position += hit - magicAt - at;
      if (position >= to) return undefined;
      const nextOffset = await this.#offsetAt(position, expected);
      if (nextOffset !== undefined) return { end: position, nextOffset };
      position++;
    }
    return undefined;
  }

  /** Where the first zeros that end a sector or the file lie in this range. */
  async #zerosIn(from: number, to: number): Promise<number | undefined> {
    let sectorEnd = from + sectorBytes - (from % sectorBytes);
    for (;;) {
      const end = Math.min(sectorEnd, this.#end);
      if (end > to) return undefined;
      const zerosFrom = Math.max(from, end - unwritten.length);
      const length = end - zerosFrom;
      const at = await this.#window.load(zerosFrom, length);
      const { bytes } = this.#window;
      if (length >= fewestZeros && bytes.compare(unwritten, 0, length, at, at + length) === 0)
        return zerosFrom;
      if (end === this.#end) return undefined;
      sectorEnd += sectorBytes;
    }
  }

  /** Whether the batch's checksum holds for `[position, end)`: then only its length was wrong. */
  async #checksumHolds(position: number, end: number): Promise<boolean> {
    const at = await this.#window.load(position, end - position);
    const { bytes } = this.#window;
    return bytes.readUInt32BE(at + crcAt) === crc32c(bytes, at + crcFrom, at + end - position);
  }
}

function headerIn(bytes: Buffer, at: number): BatchHeader | undefined {
  try {
    return readBatchHeader(bytes, at);
  } catch (error) {
    if (hasCode(error, 'CORRUPT_MESSAGE')) return undefined;
    throw error;
  }
}
