import {
  type Compression,
  type CompressionCodec,
  type CompressionCodecs,
  loadCompression,
} from '@millrace/record';

/** The codecs that have been needed so far. */
export class Codecs {
  readonly #loaded = new Map<Compression, CompressionCodec>();

  get loaded(): CompressionCodecs {
    return this.#loaded;
  }

  /** COMPRESSION_UNAVAILABLE. */
  async load(compression: Compression): Promise<void> {
    if (compression === 'none' || this.#loaded.has(compression)) return;
    this.#loaded.set(compression, await loadCompression(compression));
  }
}
