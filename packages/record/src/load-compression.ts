import type { Compression, CompressionCodec } from './compression.ts';
import { recordError } from './errors.ts';
import { gzipCodec } from './gzip.ts';
import { type Lz4Library, lz4Codec } from './lz4.ts';
import { loadOptionalPackage } from './optional-package.ts';
import { type SnappyLibrary, snappyCodec } from './snappy.ts';
import { builtInZstdCodec, type ZstdLibrary, zstdCodec } from './zstd.ts';

/**
 * The codec of one compression. snappy, lz4 and zstd (where Node has none) come from optional packages, which are
 * loaded here: call it before work begins. COMPRESSION_UNAVAILABLE names the package to install. RangeError for `none`.
 */
export async function loadCompression(compression: Compression): Promise<CompressionCodec> {
  switch (compression) {
    case 'gzip':
      return gzipCodec;
    case 'snappy':
      return snappyCodec(await load<SnappyLibrary>('snappy', compression));
    case 'lz4':
      return lz4Codec(await load<Lz4Library>('lz4-napi', compression));
    case 'zstd':
      return builtInZstdCodec() ?? zstdCodec(await load<ZstdLibrary>('@toondepauw/node-zstd', compression));
    case 'none':
      throw new RangeError('no codec is needed for records that are not compressed');
  }
}

async function load<Library>(packageName: string, compression: Compression): Promise<Library> {
  try {
    return await loadOptionalPackage<Library>(packageName);
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
