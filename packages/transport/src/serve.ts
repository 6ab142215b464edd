import type { Duplex } from 'node:stream';
import type { BrokerApi, Endpoint, ListenerCodec } from '@millrace/protocol';
import type { World } from '@millrace/runtime';
import { nodeWorld } from '@millrace/runtime/node';
import type { ConnectionMemory } from './connection-memory.ts';
import { ServerConnection } from './server-connection.ts';

export interface ServeOptions {
  api: Partial<BrokerApi>;
  codec: ListenerCodec;
  /** Name in CallContext; default: the codec's name. */
  listener?: string;
  /** As others reach it. */
  endpoint?: Endpoint;
  limits?: ServeLimits;
  /** Shared with whoever else is served; default: its own. */
  memory?: ConnectionMemory;
}

export interface ServeLimits {
  /** Requests of one connection without an answer; beyond, its stream is not read. 1,000. */
  maxInFlight?: number;
  /** Bytes of those requests. 16 MiB. */
  maxInFlightBytes?: number;
  /** Bytes of answers of one connection that the peer has not taken; beyond, its stream is not read. 8 MiB. */
  maxUnsentBytes?: number;
  /** A connection that has not said hello by then is closed. 10 s. */
  helloMs?: number;
  /** A frame that is not whole by then ends the connection. 30 s. */
  frameMs?: number;
  /** A peer that takes none of its answers for that long is gone. 30 s. */
  writeMs?: number;
}

/**
 * Answers what comes over the stream; resolves when it has ended. Never rejects: a broken stream is an end. Handlers
 * start in the order the requests came, in the turn of the event loop in which they came.
 */
export function serve(stream: Duplex, options: ServeOptions, world: World = nodeWorld): Promise<void> {
  return new ServerConnection(stream, options, world, world.random.int(2 ** 32)).ended;
}
