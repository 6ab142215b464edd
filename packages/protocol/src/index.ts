// For users what can be asked, and what can go wrong; the rest is for those who implement a codec or a transport. Loads
// neither zod nor msgpackr.
export type {
  ApiName,
  BrokerApi,
  CallContext,
  Endpoint,
  NodeAddress,
  RequestOf,
  ResponseOf,
} from './broker-api.ts';
export { clusterSized } from './cluster-sized.ts';
export type { Connection, Connector } from './connection.ts';
export { type ErrorCode, type ErrorCodeEntry, errorCodeOf, errorCodes } from './error-codes.ts';
export { apiError, isErrorCode } from './errors.ts';
export { FrameReader } from './frames.ts';
export { printable } from './printable.ts';
export type {
  Call,
  ClientCodec,
  Incoming,
  ListenerCodec,
  Outcome,
  ServerCodec,
  WireCodec,
} from './wire-codec.ts';
