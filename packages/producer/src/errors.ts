import type { ErrorCode } from '@millrace/protocol';
import { CodedError, type CodedErrorOptions } from '@millrace/runtime';

/** What a send can fail with, beside what the broker answers. */
export type ProducerErrorCode =
  | ErrorCode
  | 'RECORD_TOO_LARGE'
  | 'PARTITION_OUT_OF_RANGE'
  | 'DELIVERY_TIMED_OUT'
  | 'PRODUCER_CLOSED';

export function producerError(
  code: ProducerErrorCode,
  message: string,
  options?: CodedErrorOptions,
): CodedError<ProducerErrorCode> {
  return new CodedError(code, message, options);
}
