import type { Decoder } from './serde.ts';

const mark = Symbol('undecodable');

/** Bytes that a decoder could not read, and what it said. */
export interface Undecodable {
  /** A view, as every decoder is given; null for a tombstone. */
  readonly bytes: Buffer | null;
  readonly cause: unknown;
  readonly [mark]: true;
}

/**
 * The decoder, but what it cannot read becomes a value that says so instead of an error that stops the reader: who reads
 * decides, record by record, whether to skip it, to keep its bytes elsewhere, or to stop.
 */
export function lenient<T>(decoder: Decoder<T>): Decoder<T | Undecodable> {
  return {
    decode(bytes) {
      try {
        return decoder.decode(bytes);
      } catch (cause) {
        return { bytes, cause, [mark]: true };
      }
    },
  };
}

export function isUndecodable(value: unknown): value is Undecodable {
  return typeof value === 'object' && value !== null && mark in value;
}
