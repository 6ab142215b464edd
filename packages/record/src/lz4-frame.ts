/*
 * Measures an LZ4 frame without decompressing it (LZ4 frame format 1.6, block format):
 *
 *   magic 04 22 4D 18 · FLG · BD · [content size 8] · [dictionary id 4] · header checksum 1 ·
 *   (int32 block size, top bit: stored · block · [block checksum 4])… · 00 00 00 00 · [content checksum 4]
 *
 * A block is a row of sequences: token (literal length, match length - 4, four bits each, 15 says that more bytes
 * follow) · literals · match distance, two bytes. The last sequence ends with its literals.
 */
const frameMagic = 0x184d2204;
const flags = Object.freeze({
  blockChecksum: 0x10,
  contentSize: 0x08,
  contentChecksum: 0x04,
  dictionary: 0x01,
});

/**
 * Bytes that the one frame in `frame` decompresses to, or some number above `limit` as soon as it is passed.
 * RangeError when it is no single, whole frame.
 */
export function lz4FrameContentBytes(frame: Buffer, limit: number): number {
  if (frame.readUInt32LE(0) !== frameMagic) throw new RangeError('it is no LZ4 frame');
  const flag = frame.readUInt8(4);
  let at = 7 + ((flag & flags.contentSize) === 0 ? 0 : 8) + ((flag & flags.dictionary) === 0 ? 0 : 4);
  const stated = (flag & flags.contentSize) === 0 ? undefined : Number(frame.readBigUInt64LE(6));
  if (stated !== undefined && stated > limit) return stated;
  let total = 0;
  for (;;) {
    const word = frame.readUInt32LE(at);
    at += 4;
    if (word === 0) break;
    const size = word & 0x7fffffff;
    if (at + size > frame.length) throw new RangeError(`a block of ${size} bytes does not fit`);
    total += word > 0x7fffffff ? size : blockContentBytes(frame, at, at + size, limit - total);
    if (total > limit) return total;
    at += size + ((flag & flags.blockChecksum) === 0 ? 0 : 4);
  }
  at += (flag & flags.contentChecksum) === 0 ? 0 : 4;
  if (at !== frame.length) throw new RangeError(`the frame ends at byte ${at} of ${frame.length}`);
  if (stated !== undefined && stated !== total)
    throw new RangeError(`it states ${stated} bytes and holds ${total}`);
  return total;
}

function blockContentBytes(bytes: Buffer, start: number, end: number, limit: number): number {
  let total = 0;
  let at = start;
  while (at < end && total <= limit) {
    const token = bytes[at++] as number;
    let literals = token >>> 4;
    if (literals === 15) {
      let more = 255;
      while (more === 255 && at < end) {
        more = bytes[at++] as number;
        literals += more;
      }
    }
    total += literals;
    at += literals;
    if (at >= end) return total;
    at += 2;
    let match = token & 15;
    if (match === 15) {
      let more = 255;
      while (more === 255 && at < end) {
        more = bytes[at++] as number;
        match += more;
      }
    }
    total += match + 4;
  }
  return total;
}
