import { corrupt } from './errors.ts';

const two32 = 2 ** 32;

/** Reads a safe integer; CORRUPT_MESSAGE, naming the field, for what a number cannot hold exactly. */
export function readInt64(bytes: Buffer, position: number, field: string): number {
  const value = bytes.readInt32BE(position) * two32 + bytes.readUInt32BE(position + 4);
  if (!Number.isSafeInteger(value)) {
    throw corrupt(`${field} ${bytes.readBigInt64BE(position)} is beyond 2^53`);
  }
  return value;
}

/** `value` is a safe integer. */
export function writeInt64(bytes: Buffer, position: number, value: number): void {
  bytes.writeInt32BE(Math.floor(value / two32), position);
  bytes.writeInt32BE(value | 0, position + 4);
}
