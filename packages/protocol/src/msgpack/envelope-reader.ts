// The package has no types for this build, and whoever compiles this file needs ours.
// oxlint-disable-next-line typescript/triple-slash-reference
/// <reference path="./msgpackr-no-eval.d.ts" />
import { Unpackr } from 'msgpackr/unpack-no-eval';
import { type EnvelopeLimits, scanEnvelope } from './envelope-scan.ts';

/** Where small envelopes end in their frames. */
const smallEnvelopeEnd = 512;

/** A frame, taken apart. */
export interface OpenFrame {
  readonly envelope: readonly unknown[];
  /** Where in the frame the bytes beside the envelope begin. */
  readonly besideAt: number;
}

/** Takes frames apart; nothing gets to msgpackr that the scan has not found harmless. One serves all connections. */
export class EnvelopeReader {
  readonly #unpackr = new Unpackr({ useRecords: false, int64AsType: 'number' });
  /** msgpackr prepares each memory that it reads from once; small envelopes are copied here to spare them that. */
  readonly #scratch = Buffer.allocUnsafeSlow(smallEnvelopeEnd);

  /** What the frame holds, or what is wrong with it. Does not throw. */
  read(frame: Buffer, limits: EnvelopeLimits): OpenFrame | string {
    if (frame.length < 4) return `a frame of ${frame.length} bytes has no room for an envelope`;
    const besideAt = 4 + frame.readInt32BE(0);
    if (besideAt <= 4 || besideAt > frame.length)
      return `an envelope of ${besideAt - 4} bytes does not fit into a frame of ${frame.length}`;
    const fault = scanEnvelope(frame, 4, besideAt, limits);
    if (fault !== undefined) return fault;
    try {
      const envelope = this.#unpack(frame, besideAt);
      return Array.isArray(envelope) ? { envelope, besideAt } : 'the envelope is no list';
    } catch {
      // The scan lets nothing through that msgpackr refuses; should it ever, a peer must not end the process.
      return 'the envelope cannot be unpacked';
    }
  }

  #unpack(frame: Buffer, end: number): unknown {
    if (end > smallEnvelopeEnd) return this.#unpackr.unpack(frame, { start: 4, end });
    // A loop: for so few bytes a call into the runtime costs more.
    for (let at = 4; at < end; at += 1) this.#scratch[at - 4] = frame[at] as number;
    return this.#unpackr.unpack(this.#scratch, { start: 0, end: end - 4 });
  }
}
