import type { ByteRange } from '@millrace/runtime';
import type { Copied, KernelCopy } from './kernel-copy.ts';
import { cameUpShort, type PieceSink, readWhole, sendPieces } from './range-sender.ts';

/** How much the kernel is asked to move at once: what another connection's call may have to wait for on the same thread. */
const copyBytes = 1024 * 1024;
/** Written by the stream when the socket is full: its callback says when there is room again. All that a stuck peer holds. */
const probeBytes = 16 * 1024;

export interface FileSink extends PieceSink {
  /** Of the socket, now: undefined once it is closed. */
  socket(): number | undefined;
  /** The kernel took so many bytes. */
  copied(bytes: number): void;
  /** Resolves once all of the piece has left (false: it never will). */
  write(piece: Buffer): Promise<boolean>;
}

/**
 * Has the kernel send a range that lies in a file, and releases it. All that was written before must have left. Rejects
 * like `sendRange` when the range cannot be sent whole.
 *
 * A call runs on another thread while this one may close the socket, whose number may then be another connection's: so
 * it goes to a number of our own, closed after the last call.
 */
export async function sendFile(
  range: ByteRange,
  file: NonNullable<ByteRange['file']>,
  kernel: KernelCopy,
  sink: FileSink,
): Promise<void> {
  let sent = 0;
  let own: number | undefined;
  try {
    const socket = sink.socket();
    own = socket === undefined ? undefined : kernel.open(socket);
    while (own !== undefined && sent < range.byteLength) {
      const asked = Math.min(copyBytes, range.byteLength - sent);
      const copied: Copied = await kernel.copy(own, file.descriptor, file.position + sent, asked);
      if (copied === 'refused') break;
      if (copied === 0) throw cameUpShort(range, sent, 0);
      if (copied === 'full') {
        const piece = await readWhole(range, sent, sink.claim(Math.min(probeBytes, range.byteLength - sent)));
        sent += piece.length;
        if (!(await sink.write(piece))) return;
      } else {
        sent += copied;
        sink.copied(copied);
      }
      if (sink.socket() === undefined) return;
    }
    // The rest, where the kernel would not: a broken socket is noticed there as well.
    await sendPieces(range, sent, sink);
  } finally {
    if (own !== undefined) kernel.close(own);
    range.release();
  }
}
