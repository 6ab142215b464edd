import * as zlib from 'node:zlib';
import type { Decoder, Encoder } from '@toondepauw/node-zstd';
import type { CompressionCodec } from './compression.ts';
import { corrupt } from './errors.ts';
import { zstdContentBounds } from './zstd-frame.ts';

/** What is used of the optional package `@toondepauw/node-zstd`. */
export interface ZstdLibrary {
  readonly Decoder: typeof Decoder;
  readonly Encoder: typeof Encoder;
}

/** Kafka's default. */
const level = 3;
/** A stream that cannot become more than this may be tried, to see what it really holds. */
const harmlessBytes = 64 * 1024 * 1024;

/** For Node without zstd of its own. */
export function zstdCodec(library: ZstdLibrary): CompressionCodec {
  const encoder = new library.Encoder(level);
  const decoder = new library.Decoder();
  return {
    compression: 'zstd',
    compress: (bytes) => encoder.encodeSync(asBuffer(bytes)),
    decompress: (bytes, maxBytes) =>
      guarded(bytes, maxBytes, () => {
        const input = asBuffer(bytes);
        // The library has no limit of its own, and only an upper bound can be known beforehand.
        const { least, most } = zstdContentBounds(input, maxBytes);
        if (least > maxBytes || most > Math.max(2 * maxBytes, harmlessBytes)) {
          throw new RangeError(`it may hold ${most} bytes`);
        }
        const output = decoder.decodeSync(input);
        if (output.length > maxBytes) throw new RangeError(`it holds ${output.length} bytes`);
        return output;
      }),
  };
}

/** What Node has from 22.15 and 23.8 on; our types are those of Node 20. */
interface ZlibWithZstd {
  zstdCompressSync(bytes: Uint8Array): Buffer;
  zstdDecompressSync(bytes: Uint8Array, options: { maxOutputLength: number }): Buffer;
}

/** undefined where Node has no zstd. */
export function builtInZstdCodec(): CompressionCodec | undefined {
  if (!hasZstd(zlib)) return undefined;
  const library: ZlibWithZstd = zlib;
  return {
    compression: 'zstd',
    compress: (bytes) => library.zstdCompressSync(bytes),
    decompress: (bytes, maxBytes) =>
      guarded(bytes, maxBytes, () =>
        library.zstdDecompressSync(bytes, { maxOutputLength: Math.max(1, maxBytes) }),
      ),
  };
}

function hasZstd(module: object): module is ZlibWithZstd {
  return 'zstdCompressSync' in module && 'zstdDecompressSync' in module;
}

function guarded(bytes: Uint8Array, maxBytes: number, decompress: () => Buffer): Buffer {
  try {
    return decompress();
  } catch (cause) {
    throw corrupt(`${bytes.length} bytes of zstd are damaged or exceed ${maxBytes} bytes`, cause);
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
