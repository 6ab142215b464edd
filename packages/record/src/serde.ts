/** How values become bytes. null is a tombstone, and only a serde that names null in `T` accepts one. */
export interface Serde<T> {
  encode(value: T): Uint8Array | null;
  decode(bytes: Buffer | null): T;
}
