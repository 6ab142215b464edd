import { registryError } from './errors.ts';

/** ZooKeeper drops the connection, and with it all requests under way, when a message has 1 MiB. */
const longestValue = 1_000_000;

/** VALUE_TOO_LARGE unless every registry takes a value of this size. */
export function checkValue(path: string, data: Uint8Array): void {
  if (data.byteLength <= longestValue) return;
  throw registryError(
    'VALUE_TOO_LARGE',
    `a value of ${data.byteLength} bytes for ${path}; a registry takes ${longestValue}`,
    { details: { path, bytes: data.byteLength } },
  );
}
