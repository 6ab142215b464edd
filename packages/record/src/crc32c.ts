import { loadOptionalPackage } from './optional-package.ts';

/*
 * CRC-32C (Castagnoli). Two ways with one result: our own tables, always there, and the optional package
 * @node-rs/crc32, which uses the processor's instruction. For what each costs: tools/bench/record.ts.
 */

/** Reflected form of the Castagnoli polynomial 0x1EDC6F41. */
const polynomial = 0x82f63b78;

/** Slicing by eight: table k holds the checksum of a byte followed by k zero bytes, at k * 256. */
const tables = makeTables();

/** From this size on a call into native code costs less than the tables: 0.2 µs each here, at 10 KiB 2 against 9. */
const nativeFromBytes = 256;

/** What is used of the optional package `@node-rs/crc32`. */
type NativeChecksums = Pick<typeof import('@node-rs/crc32'), 'crc32c'>;
type NativeCrc32c = (bytes: Uint8Array) => number;

/*
 * The only state of this package outside of objects: a faster body of a pure function, found once a process. Checksums
 * are computed in too many places to hand it to each, and which of the two computes can be seen in nothing but time.
 */
let native: NativeCrc32c | undefined;

/**
 * Loads the native implementation when it is installed; without it, and before, the tables serve. Programs that move
 * many bytes await it once at start: it takes about 40 ms. Never rejects; calling it again is free.
 *
 * It is asynchronous because only `import()` finds an optional package from ESM, CommonJS and jest alike without
 * `import.meta`, and it is a call because an import has no effects.
 */
export async function prepareChecksums(): Promise<{ native: boolean }> {
  if (native === undefined) {
    try {
      const { crc32c: candidate } = await loadOptionalPackage<NativeChecksums>('@node-rs/crc32');
      if (candidate(Buffer.from('123456789')) === 0xe3069283) native = candidate;
    } catch {
      // Not installed, or not for this platform: it is optional.
    }
  }
  return { native: native !== undefined };
}

/** CRC-32C of `bytes[start, end)` as an unsigned number. */
export function crc32c(bytes: Uint8Array, start = 0, end = bytes.length): number {
  if (native !== undefined && end - start >= nativeFromBytes) {
    return native(start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end));
  }
  return crc32cByTables(bytes, start, end);
}

export function crc32cByTables(bytes: Uint8Array, start: number, end: number): number {
  const table = tables;
  let crc = -1;
  let at = start;
  for (const last = end - 8; at <= last; at += 8) {
    const low =
      crc ^
      ((bytes[at] as number) |
        ((bytes[at + 1] as number) << 8) |
        ((bytes[at + 2] as number) << 16) |
        ((bytes[at + 3] as number) << 24));
    crc =
      (table[1792 + (low & 0xff)] as number) ^
      (table[1536 + ((low >>> 8) & 0xff)] as number) ^
      (table[1280 + ((low >>> 16) & 0xff)] as number) ^
      (table[1024 + (low >>> 24)] as number) ^
      (table[768 + (bytes[at + 4] as number)] as number) ^
      (table[512 + (bytes[at + 5] as number)] as number) ^
      (table[256 + (bytes[at + 6] as number)] as number) ^
      (table[bytes[at + 7] as number] as number);
  }
  for (; at < end; at += 1) crc = (crc >>> 8) ^ (table[(crc ^ (bytes[at] as number)) & 0xff] as number);
  return (crc ^ -1) >>> 0;
}

function makeTables(): Int32Array {
  const made = new Int32Array(8 * 256);
  for (let byte = 0; byte < 256; byte += 1) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc & 1) === 1 ? (crc >>> 1) ^ polynomial : crc >>> 1;
    made[byte] = crc;
  }
  for (let at = 256; at < made.length; at += 1) {
    const before = made[at - 256] as number;
    made[at] = (before >>> 8) ^ (made[before & 0xff] as number);
  }
  return made;
}
