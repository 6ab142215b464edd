/*
 * Bounds what a zstd stream holds without decompressing it (RFC 8878):
 *
 *   magic 28 B5 2F FD · descriptor · [window 1] · [dictionary id 0, 1, 2 or 4] · [content size 0, 1, 2, 4 or 8] ·
 *   (block header 3: last 1 bit, type 2 bits, size 21 bits · block)… · [checksum 4]
 *
 * A stored or repeated block states what it becomes; a compressed one becomes at most the window or 128 KiB, often less:
 * encoders split blocks where the content changes.
 */
const frameMagic = 0xfd2fb528;
const skippableMagic = 0x184d2a50;
const largestBlock = 128 * 1024;
/** What every decoder is asked to support (RFC 8878 §3.1.1.1.2); a larger window must be worth its memory. */
const usualWindow = 8 * 1024 * 1024;
const blockTypes = Object.freeze({ stored: 0, repeated: 1, compressed: 2 });

export interface ContentBounds {
  /** What the stream states, or what its stored and repeated blocks alone come to. */
  readonly least: number;
  readonly most: number;
}

/**
 * What the frames in `bytes` together become. RangeError when they are no whole frames, or when one wants a window
 * beyond 8 MiB that is larger than `limit`: decoders allocate it before they see any content.
 */
export function zstdContentBounds(bytes: Buffer, limit: number): ContentBounds {
  let least = 0;
  let most = 0;
  let at = 0;
  while (at < bytes.length) {
    const magic = bytes.readUInt32LE(at);
    if ((magic & 0xfffffff0) >>> 0 === skippableMagic) {
      at += 8 + bytes.readUInt32LE(at + 4);
    } else {
      const frame = frameAt(bytes, at, Math.max(limit, usualWindow));
      least += frame.least;
      most += frame.most;
      at = frame.end;
    }
  }
  if (at !== bytes.length) throw new RangeError(`a frame ends at byte ${at} of ${bytes.length}`);
  return { least, most };
}

function frameAt(bytes: Buffer, start: number, windowLimit: number): ContentBounds & { end: number } {
  if (bytes.readUInt32LE(start) !== frameMagic) throw new RangeError('it is no zstd frame');
  const descriptor = bytes.readUInt8(start + 4);
  const isSingleSegment = (descriptor & 0x20) !== 0;
  let at = start + 5;
  const declaredWindow = isSingleSegment ? 0 : windowBytes(bytes.readUInt8(at++));
  at += [0, 1, 2, 4][descriptor & 3] as number;
  const stated = contentSizeAt(bytes, at, descriptor);
  at += [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >>> 6] as number;
  // A frame of a single segment has no window but its content, whose size it always states.
  const window = isSingleSegment ? stated : declaredWindow;
  if (window > windowLimit) throw new RangeError(`it wants a window of ${window} bytes`);
  let plain = 0;
  let compressedBlocks = 0;
  for (let isLast = false; !isLast; ) {
    const blockHeader = bytes.readUIntLE(at, 3);
    isLast = (blockHeader & 1) === 1;
    const type = (blockHeader >>> 1) & 3;
    const size = blockHeader >>> 3;
    if (type > blockTypes.compressed) throw new RangeError(`a block has the reserved type ${type}`);
    if (type === blockTypes.compressed) compressedBlocks += 1;
    else plain += size;
    at += 3 + (type === blockTypes.repeated ? 1 : size);
  }
  const end = at + ((descriptor & 4) === 0 ? 0 : 4);
  if (end > bytes.length) throw new RangeError(`a frame would end at byte ${end} of ${bytes.length}`);
  return {
    end,
    least: Math.max(stated, plain),
    most: plain + compressedBlocks * Math.min(window, largestBlock),
  };
}

/** 0 where the frame does not state it. */
function contentSizeAt(bytes: Buffer, at: number, descriptor: number): number {
  switch (descriptor >>> 6) {
    case 0:
      return (descriptor & 0x20) === 0 ? 0 : bytes.readUInt8(at);
    case 1:
      return bytes.readUInt16LE(at) + 256;
    case 2:
      return bytes.readUInt32LE(at);
    default:
      return Number(bytes.readBigUInt64LE(at));
  }
}

function windowBytes(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >>> 3));
  return base + (base / 8) * (descriptor & 7);
}
