import type { ErrorCode } from '@millrace/protocol';
import { CodedError, type CodedErrorOptions } from '@millrace/runtime';

/** What consuming can fail with, beside what brokers answer. */
export type ConsumerErrorCode =
  | ErrorCode
  | 'GROUPS_NEED_REGISTRY'
  | 'NO_GROUP'
  | 'NOT_ASSIGNED'
  | 'UNDECODABLE_RECORD'
  | 'ALREADY_SUBSCRIBED'
  | 'CONSUMER_CLOSED';

export function consumerError(
  code: ConsumerErrorCode,
  message: string,
  options?: CodedErrorOptions,
): CodedError<ConsumerErrorCode> {
  return new CodedError(code, message, options);
}
