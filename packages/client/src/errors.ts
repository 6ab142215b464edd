import type { ErrorCode } from '@millrace/protocol';
import { CodedError, type CodedErrorOptions } from '@millrace/runtime';

/**
 * - `BROKER_UNREACHABLE`: none of the addresses tried answered
 * - `REACHED_OTHER_ADDRESS`: a broker answered at one address and told another, where nobody answers
 * - `INVALID_ADDRESS`: a bootstrap address that is not host:port
 * - `INVALID_METADATA`: a broker described a cluster that cannot be
 * - `CLUSTER_CLOSED`: asked after `close`
 *
 * and what brokers themselves say.
 */
export type ClientErrorCode =
  | 'BROKER_UNREACHABLE'
  | 'REACHED_OTHER_ADDRESS'
  | 'INVALID_ADDRESS'
  | 'INVALID_METADATA'
  | 'CLUSTER_CLOSED'
  | ErrorCode;

export function clientError(
  code: ClientErrorCode,
  message: string,
  options?: CodedErrorOptions,
): CodedError<ClientErrorCode> {
  return new CodedError(code, message, options);
}

export function clusterClosed(): CodedError<ClientErrorCode> {
  return clientError('CLUSTER_CLOSED', 'the cluster was closed', { hint: 'open another one' });
}
