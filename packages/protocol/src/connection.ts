import type { ApiName, NodeAddress, RequestOf, ResponseOf } from './broker-api.ts';

/**
 * A broker, as one client sees it. Calls may be made concurrently; a broker starts them in the order made. A call
 * rejects with a `CodedError` whose code is an `ErrorCode`: NETWORK_EXCEPTION when the connection ended before the
 * answer, REQUEST_TIMED_OUT when it did not come in time; either way the work may have been done.
 *
 * The batches of a produce request pass to the connection with the call: the caller never touches them again.
 * The batches of a fetch answer are the caller's to release when they are a range.
 */
export interface Connection {
  call<Name extends ApiName>(api: Name, request: RequestOf<Name>): Promise<ResponseOf<Name>>;
  /** Resolves when the connection has ended, whoever ended it. */
  readonly closed: Promise<void>;
  /** Idempotent. Calls without an answer reject. */
  close(): Promise<void>;
}

/** From a broker's address to a connection: all that producer, consumer, follower and mirror know of transport. */
export type Connector = (node: NodeAddress, signal?: AbortSignal) => Promise<Connection>;
