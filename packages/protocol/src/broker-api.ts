import type * as z from 'zod/mini';
import type { apis } from './apis/index.ts';

export type ApiName = keyof typeof apis;
export type RequestOf<Name extends ApiName> = z.infer<(typeof apis)[Name]['request']>;
export type ResponseOf<Name extends ApiName> = z.infer<(typeof apis)[Name]['response']>;

/**
 * What a broker answers. What fails for one partition or topic is a value in its answer; a rejection (a `CodedError`
 * with an `ErrorCode`) means that the whole call failed. Handlers know no versions and no wire.
 */
export type BrokerApi = {
  [Name in ApiName]: (request: RequestOf<Name>, context: CallContext) => Promise<ResponseOf<Name>>;
};

/** Who asks, and through which door. One for all calls of a connection. */
export interface CallContext {
  /** Aborts when the connection ends: what is parked for it can go. */
  readonly signal: AbortSignal;
  readonly clientId: string;
  readonly connectionId: number;
  /** Metadata answers with the address of this listener. */
  readonly listener: string;
  readonly localAddress?: Endpoint;
  /** Where the caller is, as the socket says; nothing in process. */
  readonly remoteHost?: string;
  readonly principal?: string;
}

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

export interface NodeAddress extends Endpoint {
  /** undefined: a bootstrap address, whose node is not known yet. */
  readonly nodeId: number | undefined;
}
