import type { ErrorCode } from '@millrace/protocol';
import { CodedError, type CodedErrorOptions } from '@millrace/runtime';

/** What a cluster call can fail with, beside the codes of the protocol. */
export type ClientErrorCode = ErrorCode | 'BROKER_UNREACHABLE' | 'CLUSTER_CLOSED' | 'INVALID_ADDRESS';

export function clientError(
  code: ClientErrorCode,
  message: string,
  options?: CodedErrorOptions,
): CodedError<ClientErrorCode> {
  return new CodedError(code, message, options);
}
