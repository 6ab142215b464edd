/** What an envelope may hold. */
export interface EnvelopeLimits {
  readonly maxBytes: number;
  /** Lists, at any depth. */
  readonly maxLists: number;
  /** Items of all lists together. */
  readonly maxItems: number;
}

const maxDepth = 16;

/**
 * Walks over an envelope without making anything of it, before msgpackr sees it: one value, depth, lists and items
 * bounded, every declared length within the bytes that are there. Maps, extension types and 0xc1 have no place in
 * an envelope and are refused. Linear in the bytes, and allocates nothing but the stack of open lists.
 *
 * Says what is wrong with `bytes[start, end)`, or undefined.
 */
export function scanEnvelope(
  bytes: Uint8Array,
  start: number,
  end: number,
  limits: EnvelopeLimits,
): string | undefined {
  if (end - start > limits.maxBytes)
    return `an envelope of ${end - start} bytes is over the limit of ${limits.maxBytes}`;
  let at = start;
  let lists = 0;
  let items = 0;
  /** Items still to come in the innermost open list; those of the lists around it are in `open`. */
  let expected = 1;
  const open: number[] = [];
  for (;;) {
    while (expected === 0) {
      const outer = open.pop();
      if (outer === undefined)
        return at === end ? undefined : `${end - at} bytes follow the envelope's value`;
      expected = outer;
    }
    if (at >= end) return 'the envelope ends in the middle of a value';
    expected--;
    const tag = bytes[at++] as number;
    let count = -1;
    if (tag < 0x80 || tag >= 0xe0) continue;
    else if (tag < 0x90) return 'a map has no place in an envelope';
    else if (tag < 0xa0) count = tag & 0x0f;
    else if (tag < 0xc0) at += tag & 0x1f;
    else if (tag === 0xdc || tag === 0xdd) {
      const width = tag === 0xdc ? 2 : 4;
      count = bigEndian(bytes, at, width, end);
      at += width;
    } else {
      const length = scalarBytes(bytes, tag, at, end);
      if (length < 0) return `a value of type 0x${tag.toString(16)} has no place in an envelope`;
      at += length;
    }
    if (at > end) return 'a declared length goes beyond the envelope';
    if (count < 0) continue;
    items += count;
    // Every item takes at least one byte.
    if (count > end - at || items > limits.maxItems || ++lists > limits.maxLists)
      return `a list of ${count} items is more than the envelope can hold or may hold`;
    if (open.length >= maxDepth) return `lists are nested deeper than ${maxDepth}`;
    open.push(expected);
    expected = count;
  }
}

/** How many bytes belong to a scalar behind its tag; -1 when the tag has no place here. */
function scalarBytes(bytes: Uint8Array, tag: number, at: number, end: number): number {
  switch (tag) {
    case 0xc0: // nil
    case 0xc2: // false
    case 0xc3: // true
      return 0;
    case 0xcc: // uint8
    case 0xd0: // int8
      return 1;
    case 0xcd: // uint16
    case 0xd1: // int16
      return 2;
    case 0xca: // float32
    case 0xce: // uint32
    case 0xd2: // int32
      return 4;
    case 0xcb: // float64
    case 0xcf: // uint64
    case 0xd3: // int64
      return 8;
    case 0xc4: // bytes, length in 8 bits
    case 0xd9: // text, length in 8 bits
      return 1 + bigEndian(bytes, at, 1, end);
    case 0xc5:
    case 0xda:
      return 2 + bigEndian(bytes, at, 2, end);
    case 0xc6:
    case 0xdb:
      return 4 + bigEndian(bytes, at, 4, end);
    default:
      return -1;
  }
}

/** An unsigned number; too large for any envelope when its own bytes are not there. */
function bigEndian(bytes: Uint8Array, at: number, width: number, end: number): number {
  if (at + width > end) return Number.MAX_SAFE_INTEGER;
  let value = 0;
  for (let i = 0; i < width; i++) value = value * 0x100 + (bytes[at + i] as number);
  return value;
}
