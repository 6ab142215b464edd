export interface KeyedValue {
  /** null: the line has none. */
  readonly key: Buffer | null;
  readonly value: Buffer;
}

/** Key and value of a line: what is before and after the first separator; without one, all of it is the value. */
export function splitKey(line: Buffer, separator: Buffer | undefined): KeyedValue {
  const position = separator === undefined ? -1 : line.indexOf(separator);
  if (separator === undefined || position === -1) return { key: null, value: line };
  return { key: line.subarray(0, position), value: line.subarray(position + separator.byteLength) };
}
