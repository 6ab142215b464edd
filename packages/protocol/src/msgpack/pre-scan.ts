const maxDepth = 16;
const maxElements = 1_000_000;

/**
 * Whether the bytes are exactly one msgpack value that is safe to unpack: no deeper than 16, every declared length
 * within the bytes that are left, no extension type, not 0xc1. Linear, allocates nothing in the size of the input.
 */
export function isSafeMsgpack(bytes: Uint8Array): boolean {
  /** How many values are still to come at each depth. */
  const left = new Uint32Array(maxDepth + 1);
  left[0] = 1;
  let depth = 0;
  let elements = 0;
  let at = 0;
  while (at < bytes.length) {
    while (left[depth] === 0) {
      if (depth === 0) return false;
      depth -= 1;
    }
    left[depth] = (left[depth] ?? 0) - 1;
    elements += 1;
    if (elements > maxElements) return false;
    const lead = bytes[at] ?? 0;
    const size = sizeOf(lead, bytes, at);
    if (size < 0 || size > bytes.length - at) return false;
    const children = childrenOf(lead, bytes, at);
    // Each child takes a byte at least: a count beyond the bytes left is a lie.
    if (children > bytes.length - at - size) return false;
    at += size;
    if (children > 0) {
      depth += 1;
      if (depth > maxDepth) return false;
      left[depth] = children;
    }
  }
  return left.subarray(0, depth + 1).every((count) => count === 0);
}

/** Bytes of the value itself, its children not counted; -1: refused. */
function sizeOf(lead: number, bytes: Uint8Array, at: number): number {
  if (lead < 0xa0 || lead >= 0xe0) return 1;
  if (lead < 0xc0) return 1 + (lead & 31);
  switch (lead) {
    case 0xc0:
    case 0xc2:
    case 0xc3:
      return 1;
    case 0xc4:
    case 0xd9:
      return 2 + number(bytes, at + 1, 1);
    case 0xc5:
    case 0xda:
      return 3 + number(bytes, at + 1, 2);
    case 0xc6:
    case 0xdb:
      return 5 + number(bytes, at + 1, 4);
    case 0xcc:
    case 0xd0:
      return 2;
    case 0xcd:
    case 0xd1:
    case 0xdc:
    case 0xde:
      return 3;
    case 0xca:
    case 0xce:
    case 0xd2:
    case 0xdd:
    case 0xdf:
      return 5;
    case 0xcb:
    case 0xcf:
    case 0xd3:
      return 9;
    default:
      return -1;
  }
}

function childrenOf(lead: number, bytes: Uint8Array, at: number): number {
  if (lead >= 0x80 && lead < 0x90) return 2 * (lead & 15);
  if (lead >= 0x90 && lead < 0xa0) return lead & 15;
  if (lead === 0xdc) return number(bytes, at + 1, 2);
  if (lead === 0xdd) return number(bytes, at + 1, 4);
  if (lead === 0xde) return 2 * number(bytes, at + 1, 2);
  if (lead === 0xdf) return 2 * number(bytes, at + 1, 4);
  return 0;
}

/** Big-endian; bytes beyond the end read as 0xff, which no length survives. */
function number(bytes: Uint8Array, at: number, size: number): number {
  let value = 0;
  for (let i = at; i < at + size; i += 1) value = value * 256 + (bytes[i] ?? 255);
  return value;
}
