import type { Duplex } from 'node:stream';
import type { Endpoint } from '@millrace/protocol';

/** Where a client found a listener: who listens on all addresses is where this client came to. */
export function reachedAt(endpoint: Endpoint, stream: Duplex): Endpoint {
  if (!['0.0.0.0', '::'].includes(endpoint.host)) return endpoint;
  if (!('localAddress' in stream) || typeof stream.localAddress !== 'string') return endpoint;
  // IPv4 seen by a socket that takes both.
  return { host: stream.localAddress.replace(/^::ffff:(?=\d+\.)/, ''), port: endpoint.port };
}

export function remoteHostOf(stream: Duplex): { remoteHost?: string } {
  return 'remoteAddress' in stream && typeof stream.remoteAddress === 'string'
    ? { remoteHost: stream.remoteAddress }
    : {};
}
