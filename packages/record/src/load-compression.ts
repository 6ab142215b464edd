import type { Compression, CompressionCodec } from './compression.ts';
import { recordError } from './errors.ts';
import { gzipCodec } from './gzip.ts';
import { lz4Codec } from './lz4.ts';
import { snappyCodec } from './snappy.ts';
import { builtInZstdCodec, zstdCodec } from './zstd.ts';

/**
 * The codec of one compression. snappy, lz4 and zstd (where Node has none) come from optional packages, which are
 * loaded here: call it before work begins. COMPRESSION_UNAVAILABLE names the package to install. RangeError for `none`.
 */
export async function loadCompression(compression: Compression): Promise<CompressionCodec> {
  switch (compression) {
    case 'gzip':
      return gzipCodec;
    case 'snappy':
      return load('snappy', compression, async () => snappyCodec(await import('snappy')));
    case 'lz4':
      return load('lz4-napi', compression, async () => lz4Codec(await import('lz4-napi')));
    case 'zstd':
      return (
        builtInZstdCodec() ??
        load('@toondepauw/node-zstd', compression, async () =>
          zstdCodec(await import('@toondepauw/node-zstd')),
        )
      );
    case 'none':
      throw new RangeError('no codec is needed for records that are not compressed');
  }
}

async function load(
  packageName: string,
  compression: Compression,
  open: () => Promise<CompressionCodec>,
): Promise<CompressionCodec> {
  try {
    return await open();
  } catch (cause) {
    throw recordError(
      'COMPRESSION_UNAVAILABLE',
      `${compression} needs the package ${packageName}, which cannot be loaded`,
      {
        hint: `npm install ${packageName}`,
        cause,
      },
    );
  }
}
