import type { compressSync, uncompressSync } from 'snappy';
import type { CompressionCodec } from './compression.ts';
import { corrupt } from './errors.ts';

/** What is used of the optional package `snappy`. */
export interface SnappyLibrary {
  readonly compressSync: typeof compressSync;
  readonly uncompressSync: typeof uncompressSync;
}

/*
 * Kafka's Java client writes snappy as the library xerial does: these 8 bytes, int32 version 1, int32 compatible
 * version 1, then blocks of int32 length and raw snappy. librdkafka writes raw snappy. Both are read, the first is
 * written, since every client reads that.
 */
const xerialMagic = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
const xerialHeaderBytes = 16;
/** What the Java library puts into a block. */
const blockBytes = 32 * 1024;
/** The best that snappy can do: three bytes that copy 64. The library allocates what is declared. */
const largestRatio = 22;

export function snappyCodec(library: SnappyLibrary): CompressionCodec {
  return {
    compression: 'snappy',
    compress: (bytes) => compressXerial(library, bytes),
    decompress(bytes, maxBytes) {
      try {
        const input = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
        const isFramed = input.length >= xerialHeaderBytes && input.subarray(0, 8).equals(xerialMagic);
        return isFramed
          ? decompressXerial(library, input, maxBytes)
          : decompressRaw(library, input, maxBytes);
      } catch (cause) {
        throw corrupt(`${bytes.length} bytes of snappy are damaged or exceed ${maxBytes} bytes`, cause);
      }
    },
  };
}

function compressXerial(library: SnappyLibrary, bytes: Uint8Array): Buffer {
  const head = Buffer.alloc(xerialHeaderBytes);
  xerialMagic.copy(head);
  head.writeInt32BE(1, 8);
  head.writeInt32BE(1, 12);
  const pieces: Buffer[] = [head];
  for (let at = 0; at < bytes.length; at += blockBytes) {
    const block = library.compressSync(bytes.subarray(at, at + blockBytes));
    const length = Buffer.alloc(4);
    length.writeInt32BE(block.length);
    pieces.push(length, block);
  }
  return Buffer.concat(pieces);
}

function decompressXerial(library: SnappyLibrary, input: Buffer, maxBytes: number): Buffer {
  const blocks: Buffer[] = [];
  let total = 0;
  for (let at = xerialHeaderBytes; at < input.length; ) {
    const start = at + 4;
    const end = start + input.readInt32BE(at);
    if (end < start || end > input.length) throw new RangeError(`a block at byte ${at} does not fit`);
    const block = decompressRaw(library, input.subarray(start, end), maxBytes - total);
    blocks.push(block);
    total += block.length;
    at = end;
  }
  return blocks.length === 1 ? (blocks[0] as Buffer) : Buffer.concat(blocks, total);
}

function decompressRaw(library: SnappyLibrary, input: Buffer, maxBytes: number): Buffer {
  const size = declaredSize(input);
  if (size > maxBytes) throw new RangeError(`${size} bytes are declared, at most ${maxBytes} are taken`);
  if (size > input.length * largestRatio) throw new RangeError(`${input.length} bytes cannot become ${size}`);
  const output = library.uncompressSync(input, { asBuffer: true });
  return typeof output === 'string' ? Buffer.from(output, 'latin1') : output;
}

/** Raw snappy begins with its decompressed size, base 128, least significant group first. */
function declaredSize(input: Buffer): number {
  let size = 0;
  for (let at = 0; at < 5; at += 1) {
    const byte = input[at];
    if (byte === undefined) break;
    size += (byte & 0x7f) * 128 ** at;
    if (byte < 0x80) return size;
  }
  throw new RangeError('the declared size is damaged');
}
