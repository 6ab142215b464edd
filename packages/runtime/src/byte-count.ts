/** Refuses positions, lengths and sizes that are none, before they reach a system call that takes -1 for "here". */
export function mustBeByteCount(name: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 0)
    throw new RangeError(`${name} must be a whole number of bytes, not ${value}`);
}
