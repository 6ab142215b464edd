import type { Duplex } from 'node:stream';
import type { ByteRange } from '@millrace/runtime';

/** How much of a range is in memory at a time, for each connection. */
const pieceBytes = 256 * 1024;

/**
 * Sends a range in bounded pieces, waiting for the stream whenever it is full, and releases it. Resolves to false when
 * the stream has ended meanwhile. Rejects when the range cannot be read whole: the connection is lost then, since its
 * length was promised.
 */
export async function sendRange(stream: Duplex, range: ByteRange): Promise<boolean> {
  try {
    for (let sent = 0; sent < range.byteLength; ) {
      if (stream.destroyed) return false;
      const piece = await range.read(sent, Math.min(pieceBytes, range.byteLength - sent));
      if (stream.destroyed) return false;
      sent += piece.length;
      if (!stream.write(piece)) await writable(stream);
    }
    return true;
  } finally {
    range.release();
  }
}

/** Resolves once the stream takes more, or has ended. */
export function writable(stream: Duplex): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      stream.off('drain', done).off('close', done);
      resolve();
    };
    stream.once('drain', done).once('close', done);
    if (stream.destroyed || !stream.writableNeedDrain) done();
  });
}
