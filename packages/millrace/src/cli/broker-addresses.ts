import { cliError } from './errors.ts';
import type { Io } from './io.ts';

export const defaultBrokerAddress = '127.0.0.1:9292';

export interface HostAndPort {
  readonly host: string;
  readonly port: number;
}

/** The brokers to begin with: `--broker`, else `$MILLRACE_BROKER`, else the default. USAGE. */
export function brokerAddresses(option: string | undefined, io: Pick<Io, 'env'>): string[] {
  const text = option ?? (io.env['MILLRACE_BROKER'] || defaultBrokerAddress);
  const source = option === undefined && io.env['MILLRACE_BROKER'] ? 'MILLRACE_BROKER' : '--broker';
  return text.split(',').map((part) => formatAddress(parseAddress(part.trim(), source)));
}

/** `host:port`; an IPv6 address in brackets. USAGE names `option`. */
export function parseAddress(text: string, option: string): HostAndPort {
  const match = /^(?:\[([^\]\s/]*:[^\]\s/]*)\]|([^:[\]\s/]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host !== undefined && port <= 65_535) return { host, port };
  const what = host === undefined ? 'is not host:port' : `has the port ${port}, and the greatest is 65535`;
  throw cliError('USAGE', `${option} '${text}' ${what}`, {
    hint: `for example ${option === 'MILLRACE_BROKER' ? 'MILLRACE_BROKER=' : `${option} `}${defaultBrokerAddress}`,
  });
}

export function formatAddress({ host, port }: HostAndPort): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
