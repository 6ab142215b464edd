import type { ByteRange } from '@millrace/runtime';
import { Packr } from 'msgpackr';
import type { Beside, BesideReader } from './compile-shape.ts';
import { ShapeError } from './compile-shape.ts';
import { isSafeMsgpack } from './pre-scan.ts';

const packr = new Packr({ useRecords: false, int64AsType: 'number' });

/** int32 length · int32 envelope length · envelope, and the batches beside it. */
export function frameOf(envelope: unknown, beside: Beside): (Uint8Array | ByteRange)[] {
  const packed = packr.pack(envelope);
  const head = Buffer.allocUnsafe(8 + packed.length);
  let length = 4 + packed.length;
  for (const batches of beside) length += batches.byteLength;
  head.writeInt32BE(length, 0);
  head.writeInt32BE(packed.length, 4);
  head.set(packed, 8);
  return beside.length === 0 ? [head] : [head, ...beside];
}

/** The envelope of a frame (without its length), unpacked, and a reader of what lies beside; undefined: not one of ours. */
export function openFrame(
  frame: Buffer,
  maxEnvelopeBytes: number,
): { envelope: unknown[]; beside: BesideReader & { readonly left: number } } | undefined {
  if (frame.length < 4) return undefined;
  const length = frame.readInt32BE(0);
  if (length < 0 || length > maxEnvelopeBytes || length > frame.length - 4) return undefined;
  const bytes = frame.subarray(4, 4 + length);
  if (!isSafeMsgpack(bytes)) return undefined;
  const envelope: unknown = packr.unpack(bytes);
  return Array.isArray(envelope) ? { envelope, beside: new FrameRest(frame, 4 + length) } : undefined;
}

class FrameRest implements BesideReader {
  readonly #frame: Buffer;
  #position: number;

  constructor(frame: Buffer, position: number) {
    this.#frame = frame;
    this.#position = position;
  }

  get left(): number {
    return this.#frame.length - this.#position;
  }

  take(length: number): Buffer {
    if (length > this.left)
      throw new ShapeError('batches', `at most the ${this.left} bytes beside the envelope`);
    const start = this.#position;
    this.#position += length;
    return this.#frame.subarray(start, this.#position);
  }
}
