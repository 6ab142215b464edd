const seed = 0x9747b28c;
const mix = 0x5bd1e995;

/** The hash by which Kafka's clients choose the partition of a key: 32-bit MurmurHash2, as a signed int32. */
export function murmur2(bytes: Uint8Array): number {
  const length = bytes.length;
  let hash = seed ^ length;
  let at = 0;
  for (; at + 4 <= length; at += 4) {
    let word = Math.imul(
      byteAt(bytes, at) |
        (byteAt(bytes, at + 1) << 8) |
        (byteAt(bytes, at + 2) << 16) |
        (byteAt(bytes, at + 3) << 24),
      mix,
    );
    word = Math.imul(word ^ (word >>> 24), mix);
    hash = Math.imul(hash, mix) ^ word;
  }
  const rest = length - at;
  if (rest > 0) {
    if (rest > 2) hash ^= byteAt(bytes, at + 2) << 16;
    if (rest > 1) hash ^= byteAt(bytes, at + 1) << 8;
    hash = Math.imul(hash ^ byteAt(bytes, at), mix);
  }
  hash = Math.imul(hash ^ (hash >>> 13), mix);
  return hash ^ (hash >>> 15);
}

function byteAt(bytes: Uint8Array, at: number): number {
  return bytes[at] as number;
}
