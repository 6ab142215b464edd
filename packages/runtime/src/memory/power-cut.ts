import type { Random } from '../random.ts';

const sectorBytes = 512;

/** What a power cut leaves of bytes that were appended and never flushed. */
export function keptAfterPowerCut(unsynced: Buffer, random: Random): Buffer {
  switch (random.int(4)) {
    case 0:
      return Buffer.alloc(0);
    case 1:
      return unsynced;
    case 2:
      return unsynced.subarray(0, random.int(unsynced.length + 1));
    default: {
      // The size reached the disk further than the data did, in any order.
      const size = random.int(unsynced.length + 1);
      return withUnwrittenPieces(unsynced.subarray(0, size), [{ from: 0, to: size }], random);
    }
  }
}

/** Zeros where the data of these spans did not reach the disk: sector by sector at random, now and then torn inside one. */
export function withUnwrittenPieces(
  bytes: Buffer,
  spans: readonly { from: number; to: number }[],
  random: Random,
): Buffer {
  for (const { from, to } of spans) {
    const end = Math.min(to, bytes.length);
    let position = from;
    while (position < end) {
      const pieceBytes = (1 + random.int(8)) * sectorBytes;
      const next = Math.min(end, position - (position % sectorBytes) + pieceBytes);
      const fate = random.int(5);
      if (fate <= 1) bytes.fill(0, position, next);
      else if (fate === 2) bytes.fill(0, position + random.int(next - position), next);
      position = next;
    }
  }
  return bytes;
}
