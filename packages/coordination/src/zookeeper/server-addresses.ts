import { lookup } from 'node:dns/promises';
import type { ConnectString } from './connect-string.ts';

/** All addresses of a host. */
export type Lookup = (host: string) => Promise<readonly string[]>;

export const systemLookup: Lookup = async (host) => {
  const found = await lookup(host, { all: true });
  return found.map(({ address }) => address);
};

/**
 * The servers as the native client takes them, by address: given names it would ask for them synchronously, at each
 * attempt to connect. A server whose name is not known is left out; rejects when none is left.
 */
export async function serverAddresses(
  servers: ConnectString['servers'],
  resolve: Lookup = systemLookup,
): Promise<string> {
  const answers = await Promise.allSettled(
    servers.map(async ({ host, port }) => {
      const addresses = await resolve(host);
      // The native client knows no brackets: the last colon is before the port.
      return addresses.map((address) => `${address}:${port}`);
    }),
  );
  const known = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
  const failed = answers.find((answer) => answer.status === 'rejected');
  if (known.length === 0 && failed !== undefined) throw failed.reason;
  return known.join(',');
}
