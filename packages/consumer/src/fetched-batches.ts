import {
  batchesIn,
  type Compression,
  type CompressionCodec,
  loadCompression,
  type Offset,
  verifyBatch,
} from '@millrace/record';
import type { ByteRange } from '@millrace/runtime';
import { consumerError } from './errors.ts';

/** Batches of one partition as a fetch brought them: whole, checked, ready to be decoded. */
export interface FetchedBatches {
  readonly bytes: Buffer;
  /** Records below were consumed before: the first batch may begin earlier. */
  readonly from: Offset;
  /** Where the next fetch goes on. */
  readonly nextOffset: Offset;
}

/** Compressions met so far, by one consumer. */
export type LoadedCodecs = Map<Compression, CompressionCodec>;

/** The bytes of an answer in memory; a range is read and released. */
export async function bytesOf(batches: Buffer | ByteRange): Promise<Buffer> {
  if (Buffer.isBuffer(batches)) return batches;
  try {
    return await batches.read(0, batches.byteLength);
  } finally {
    batches.release();
  }
}

/**
 * Checks what came: every batch by its checksum, and that each lies behind the one before, the first not wholly before
 * what was asked for. undefined when nothing came. CORRUPT_MESSAGE names the offset; what lies before the damage is given
 * back first, and found again by the next fetch.
 */
export async function checkBatches(
  bytes: Buffer,
  from: Offset,
  place: string,
  codecs: LoadedCodecs,
): Promise<FetchedBatches | undefined> {
  let end = 0;
  let nextOffset = from;
  try {
    for (const { position, header } of batchesIn(bytes)) {
      verifyBatch(bytes, position);
      if (header.lastOffset < nextOffset || (end > 0 && header.baseOffset < nextOffset))
        throw consumerError(
          'CORRUPT_MESSAGE',
          `a batch came of the offsets ${header.baseOffset} to ${header.lastOffset}`,
        );
      if (header.compression !== 'none' && !codecs.has(header.compression))
        codecs.set(header.compression, await loadCompression(header.compression));
      end = position + header.sizeInBytes;
      nextOffset = header.lastOffset + 1;
    }
  } catch (cause) {
    if (nextOffset === from) throw damaged(place, from, cause);
  }
  return end === 0 ? undefined : { bytes: bytes.subarray(0, end), from, nextOffset };
}

function damaged(place: string, offset: Offset, cause: unknown): Error {
  const { message, code, hint } = cause as { message?: string; code?: string; hint?: string };
  if (code !== 'CORRUPT_MESSAGE')
    return consumerError(
      (code ?? 'UNKNOWN_SERVER_ERROR') as never,
      `${place} at offset ${offset}: ${message ?? String(cause)}`,
      {
        cause,
        ...(hint === undefined ? {} : { hint }),
      },
    );
  return consumerError('CORRUPT_MESSAGE', `${place} at offset ${offset} is damaged: ${message ?? ''}`, {
    cause,
    hint: 'seek past it to go on; nothing was skipped',
    details: { offset },
  });
}
