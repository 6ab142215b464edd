// Placeholder declarations: the package's owner replaces each by its implementation.
import type { Duplex } from 'node:stream';
import type { BrokerApi, Connection, Connector, Endpoint, WireCodec } from '@millrace/protocol';
import type { World } from '@millrace/runtime';

export interface ServeOptions {
  api: Partial<BrokerApi>;
  codec: WireCodec;
  /** Name in CallContext; default: the codec's name. */
  listener?: string;
  /** As others reach it. */
  endpoint?: Endpoint;
  limits?: { maxInFlight?: number; maxUnsentBytes?: number };
}
/** Answers what comes over the stream; resolves when it has ended. Rejects never: a broken stream is an end. */
export declare function serve(stream: Duplex, options: ServeOptions, world?: World): Promise<void>;
export interface ConnectOptions {
  codec: WireCodec;
  clientId?: string;
  /** 30 s beyond what the request itself may wait. */
  requestTimeoutMs?: number;
}
export declare function connectOver(stream: Duplex, options: ConnectOptions, world?: World): Connection;
/** No codec, no copy. */
export declare function inProcessConnector(
  find: Partial<BrokerApi> | ((nodeId: number | undefined) => Partial<BrokerApi> | undefined),
  options?: { clientId?: string; checkOwnership?: boolean },
): Connector;
/** BROKER_UNREACHABLE. */
export declare function tcpConnector(
  options: ConnectOptions & { connectTimeoutMs?: number },
  world?: World,
): Connector;
export interface Listener extends AsyncDisposable {
  readonly name: string;
  /** The port that was really bound. */
  readonly endpoint: Endpoint;
  /** Stops accepting, answers what was asked (for `drainMs`), ends its streams. Idempotent. */
  close(options?: { drainMs?: number }): Promise<void>;
}
export interface ListenOptions extends ServeOptions {
  /** 127.0.0.1 */
  host?: string;
  /** 0: any. */
  port?: number;
  maxConnections?: number;
}
/** ADDRESS_IN_USE, ADDRESS_UNAVAILABLE. */
export declare function listenTcp(options: ListenOptions, world?: World): Promise<Listener>;
export declare function duplexPair(): [Duplex, Duplex];
