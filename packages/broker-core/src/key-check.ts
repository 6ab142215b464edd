import {
  type BatchHeader,
  type Compression,
  type CompressionCodec,
  loadCompression,
  rawRecordsIn,
} from '@millrace/record';
import { hasCode } from '@millrace/runtime';
import { apiError } from './errors.ts';

/** Those whose codec may have to be loaded. */
const loadable: readonly Compression[] = ['snappy', 'lz4', 'zstd'];

/**
 * Finds records without a key, which compaction could never replace by a newer one. Appending settles offsets in the turn
 * in which it is asked, so the codecs that open a compressed batch are loaded beforehand.
 */
export class KeyCheck {
  readonly #codecs = new Map<Compression, CompressionCodec>();
  #prepared: Promise<void> | undefined;
  #isPrepared = false;

  /** Before the first `check`. A codec that is not installed is no failure yet: `check` says so to whoever needs it. */
  prepare(): Promise<void> {
    this.#prepared ??= this.#load();
    return this.#prepared;
  }

  get isPrepared(): boolean {
    return this.#isPrepared;
  }

  /** `batch`: one, whole and verified. INVALID_RECORD names the first record without a key; CORRUPT_MESSAGE. */
  check(batch: Buffer, { compression, recordCount }: BatchHeader, topic: string): void {
    if (compression !== 'none' && compression !== 'gzip' && !this.#codecs.has(compression)) {
      throw apiError(
        'INVALID_RECORD',
        `${topic} is compacted by key, and the keys of a batch compressed with ${compression} cannot be read here`,
        'install the package for it where the broker runs, or send with gzip',
      );
    }
    const records = rawRecordsIn(batch, this.#codecs);
    for (let at = 0; records.next(); at++) {
      if (records.keyEnd >= 0) continue;
      throw apiError(
        'INVALID_RECORD',
        `record ${at} of the ${recordCount} in a batch has no key, and ${topic} is compacted by key`,
        'give every record a key, or let the topic have cleanup.policy=delete',
      );
    }
  }

  async #load(): Promise<void> {
    await Promise.all(
      loadable.map(async (compression) => {
        try {
          this.#codecs.set(compression, await loadCompression(compression));
        } catch (error) {
          if (!hasCode(error, 'COMPRESSION_UNAVAILABLE')) throw error;
        }
      }),
    );
    this.#isPrepared = true;
  }
}
