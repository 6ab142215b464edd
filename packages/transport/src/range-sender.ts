import { apiError } from '@millrace/protocol';
import type { ByteRange } from '@millrace/runtime';

export interface PieceSink {
  /** How many of so many bytes may be read into memory now: as of now these count. */
  claim(bytes: number): number;
  /** Resolves once there is room for more (false: there never will be). */
  write(piece: Buffer): Promise<boolean>;
}

/**
 * Reads a range in bounded pieces, writes each, and releases it. Rejects when the range cannot be read whole: its length
 * was promised, so the stream is lost.
 */
export async function sendRange(range: ByteRange, sink: PieceSink): Promise<void> {
  try {
    await sendPieces(range, 0, sink);
  } finally {
    range.release();
  }
}

/** What `sendRange` does, beginning at `from` and without the release. */
export async function sendPieces(range: ByteRange, from: number, sink: PieceSink): Promise<void> {
  for (let sent = from; sent < range.byteLength; ) {
    const piece = await readWhole(range, sent, sink.claim(range.byteLength - sent));
    sent += piece.length;
    if (!(await sink.write(piece))) return;
  }
}

/** `[from, from + length)`, or an error. */
export async function readWhole(range: ByteRange, from: number, length: number): Promise<Buffer> {
  const piece = await range.read(from, length);
  if (piece.length !== length) throw cameUpShort(range, from, piece.length);
  return piece;
}

export function cameUpShort(range: ByteRange, sent: number, got: number): Error {
  return apiError(
    'CORRUPT_MESSAGE',
    `a range of ${range.byteLength} bytes gave ${got} bytes at ${sent} and no more`,
  );
}

/** Releases the ranges among the chunks of a message that will not be sent. */
export function releaseChunks(chunks: readonly (Uint8Array | ByteRange)[]): void {
  for (const chunk of chunks) if (!(chunk instanceof Uint8Array)) chunk.release();
}

/** Releases whatever ranges an answer holds that reaches nobody. */
export function releaseAnswer(answer: unknown): void {
  if (typeof answer !== 'object' || answer === null || answer instanceof Uint8Array) return;
  if ('release' in answer && typeof answer.release === 'function') answer.release();
  else for (const part of Object.values(answer)) releaseAnswer(part);
}
