import type { ByteRange } from '@millrace/runtime';
import type { ApiName, RequestOf, ResponseOf } from './broker-api.ts';
import type { ErrorCode } from './error-codes.ts';

/** What the broker's side of a connection needs. */
export interface ListenerCodec {
  readonly name: string;
  /** Whether answers must leave in the order of the questions (Kafka). A client then keeps a second connection for calls that park. */
  readonly ordered: boolean;
  /** Whether a connection ends when something fails that gets no answer (acks none): the one sign that Kafka's clients have. */
  readonly endsOnSilentFailure?: boolean;
  /** `answered`: the APIs that have a handler, for a codec that tells its peers what they may ask. Default: all. */
  server(answered?: ReadonlySet<string>): ServerCodec;
}

/**
 * How questions and answers become bytes. A listener is a port and a codec. Every message on the stream is a frame:
 * int32 length, then that many bytes. One server or client codec per connection, so it may remember.
 */
export interface WireCodec extends ListenerCodec {
  /** Whether brokers that speak so keep a registry for their clients. Where they do not, groups are those of a coordinator. Default: true. */
  readonly hasRegistry?: boolean;
  client(options: { clientId: string }): ClientCodec;
}

export interface ServerCodec {
  /** The largest frame to be taken next (less before the hello): the length alone decides, before anything is allocated. */
  readonly maxFrameBytes: number;
  readonly clientId: string;
  /** `frame` is the broker's from now on, without its length. Never throws: what is wrong becomes an answer or a close. */
  decode(frame: Buffer): Incoming;
  /** A frame whose length is negative or over `maxFrameBytes`: what to say before the connection ends. */
  refuse(length: number): Extract<Incoming, { kind: 'close' }>;
  /** The whole frame, length first. Ranges pass to the caller, who sends and releases them. */
  encode(call: Call, outcome: Outcome): readonly (Uint8Array | ByteRange)[];
}

export interface ClientCodec {
  readonly maxFrameBytes: number;
  /** What opens the connection; nothing when the codec has no hello. */
  hello(): readonly Uint8Array[];
  /** The whole frame, length first. */
  encode(call: Call): readonly Uint8Array[];
  /** CORRUPT_MESSAGE or UNSUPPORTED_VERSION when the broker is not one: the connection must be closed. `undefined`: for the codec itself (an answer to hello). */
  decode(frame: Buffer): { correlation: number; outcome: Outcome } | undefined;
}

export type Call = {
  [Name in ApiName]: { readonly correlation: number; readonly api: Name; readonly request: RequestOf<Name> };
}[ApiName];

export type Incoming =
  | { readonly kind: 'call'; readonly call: Call }
  /** The codec's own answer, sent as it is. */
  | { readonly kind: 'answer'; readonly chunks: readonly Uint8Array[] }
  /** Hostile or foreign bytes: an optional last word, then the connection ends. */
  | { readonly kind: 'close'; readonly reason: string; readonly chunks?: readonly Uint8Array[] };

export type Outcome =
  | { readonly response: ResponseOf<ApiName> }
  | { readonly error: ErrorCode; readonly message: string }
  /** No answer is sent (acks none). */
  | { readonly silent: true };
