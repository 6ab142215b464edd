// For users: three rungs, from a function call to a port.
export { type ConnectOptions, connectOver } from './client-connection.ts';
export {
  type ConnectionMemory,
  type ConnectionMemoryOptions,
  connectionMemory,
} from './connection-memory.ts';
export { duplexPair } from './duplex-pair.ts';
export type { TransportErrorCode } from './errors.ts';
export { type InProcessOptions, inProcessConnector } from './in-process.ts';
export { type ServeLimits, type ServeOptions, serve } from './serve.ts';
export type { BytesShare, SharedBytes } from './shared-bytes.ts';
export { tcpConnector } from './tcp-connector.ts';
export { type Listener, type ListenOptions, listenTcp } from './tcp-listener.ts';
