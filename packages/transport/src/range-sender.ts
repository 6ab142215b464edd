import { apiError } from '@millrace/protocol';
import type { ByteRange } from '@millrace/runtime';

/** How much of a range is in memory at a time, for each connection. */
const pieceBytes = 256 * 1024;

/**
 * Reads a range in bounded pieces, hands each to `write`, which resolves once there is room for more (false: there never
 * will be), and releases it. Rejects when the range cannot be read whole: its length was promised, so the stream is lost.
 */
export async function sendRange(range: ByteRange, write: (piece: Buffer) => Promise<boolean>): Promise<void> {
  try {
    await sendPieces(range, 0, write);
  } finally {
    range.release();
  }
}

/** What `sendRange` does, beginning at `from` and without the release. */
export async function sendPieces(
  range: ByteRange,
  from: number,
  write: (piece: Buffer) => Promise<boolean>,
): Promise<void> {
  for (let sent = from; sent < range.byteLength; ) {
    const piece = await readWhole(range, sent, Math.min(pieceBytes, range.byteLength - sent));
    sent += piece.length;
    if (!(await write(piece))) return;
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
