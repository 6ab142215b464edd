import type { Random } from '../random.ts';

/** A copy in which a few bytes are others, or that is cut, or longer: what a line, a disk or a stranger makes of them. */
export function damagedBytes(whole: Buffer, random: Random): Buffer {
  const bytes = Buffer.from(whole);
  if (bytes.length === 0) return bytes;
  for (let change = random.int(4); change >= 0; change -= 1)
    bytes[random.int(bytes.length)] = [0, 0xff, 0x7f, 0x80, random.int(256)][random.int(5)] ?? 0;
  if (random.int(4) === 0) return bytes.subarray(0, random.int(bytes.length));
  return random.int(6) === 0 ? Buffer.concat([bytes, Buffer.alloc(random.int(50), 0xff)]) : bytes;
}
