import type { compressFrameSync, decompressFrameSync } from 'lz4-napi';
import type { CompressionCodec } from './compression.ts';
import { corrupt } from './errors.ts';
import { lz4FrameContentBytes } from './lz4-frame.ts';

/** What is used of the optional package `lz4-napi`. */
export interface Lz4Library {
  readonly compressFrameSync: typeof compressFrameSync;
  readonly decompressFrameSync: typeof decompressFrameSync;
}

/** The LZ4 frame format, which Kafka's clients write and read since message format 2. */
export function lz4Codec(library: Lz4Library): CompressionCodec {
  return {
    compression: 'lz4',
    compress: (bytes) => library.compressFrameSync(asBuffer(bytes)),
    decompress(bytes, maxBytes) {
      try {
        const input = asBuffer(bytes);
        // The library has no limit, and a frame need not state its size: measure before anything is allocated.
        const size = lz4FrameContentBytes(input, maxBytes);
        if (size > maxBytes) throw new RangeError(`it holds more than ${maxBytes} bytes`);
        return library.decompressFrameSync(input);
      } catch (cause) {
        throw corrupt(`${bytes.length} bytes of lz4 are damaged or exceed ${maxBytes} bytes`, cause);
      }
    },
  };
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
