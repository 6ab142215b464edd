import type { Endpoint, NodeAddress } from '@millrace/protocol';
import { clientError } from './errors.ts';

/** 'host:port', '[::1]:port', or an address as it is. INVALID_ADDRESS. */
export function parseAddress(address: string | Endpoint | NodeAddress): NodeAddress {
  if (typeof address !== 'string') return { nodeId: undefined, ...address };
  const [, bracketed, plain, digits] = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(address) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  if (host === undefined || port < 1 || port > 65_535)
    throw clientError('INVALID_ADDRESS', `${JSON.stringify(address)} is no address`, {
      hint: 'write host:port, for example 127.0.0.1:9292',
    });
  return { nodeId: undefined, host, port };
}

/** As a person would type it. */
export function addressText({ host, port }: Endpoint): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
