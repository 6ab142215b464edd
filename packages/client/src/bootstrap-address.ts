import type { Endpoint, NodeAddress } from '@millrace/protocol';
import { clientError } from './errors.ts';

/** 'host:port' or '[::1]:port', or an address already. INVALID_ADDRESS. */
export function bootstrapAddress(given: string | Endpoint | NodeAddress): NodeAddress {
  if (typeof given !== 'string') return { nodeId: undefined, ...given };
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s/]+)):(\d{1,5})$/.exec(given);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || !(port >= 1 && port <= 65_535)) {
    throw clientError('INVALID_ADDRESS', `'${given}' is not an address`, {
      hint: 'write host:port, for example 127.0.0.1:9292',
    });
  }
  return { nodeId: undefined, host, port };
}

/** As people read it. */
export function addressText({ host, port }: Endpoint): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
