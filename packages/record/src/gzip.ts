import { gunzipSync, gzipSync } from 'node:zlib';
import type { CompressionCodec } from './compression.ts';
import { corrupt } from './errors.ts';

export const gzipCodec: CompressionCodec = Object.freeze({
  compression: 'gzip' as const,
  compress: (bytes: Uint8Array) => gzipSync(bytes),
  decompress(bytes: Uint8Array, maxBytes: number): Buffer {
    try {
      return gunzipSync(bytes, { maxOutputLength: Math.max(1, maxBytes) });
    } catch (cause) {
      throw corrupt(`${bytes.length} bytes of gzip are damaged or exceed ${maxBytes} bytes`, cause);
    }
  },
});
