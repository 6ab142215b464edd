import { CodedError, type CodedErrorOptions } from '@millrace/runtime';

/**
 * LOG_NOT_FOUND: no log lies in that directory.
 * NOT_A_SNAPSHOT: a file that `log export` did not write, or that was cut or changed since.
 * ALREADY_THERE: something would have to be overwritten.
 * LOG_CHANGED: a log that is in use deleted, cut or compacted segments while they were read; retriable.
 * CORRUPT_MESSAGE: bytes that are no batch; `details` has file and position.
 */
export type LogToolErrorCode =
  | 'LOG_NOT_FOUND'
  | 'NOT_A_SNAPSHOT'
  | 'ALREADY_THERE'
  | 'LOG_CHANGED'
  | 'CORRUPT_MESSAGE';

export function logToolError(
  code: LogToolErrorCode,
  message: string,
  options?: CodedErrorOptions,
): CodedError<LogToolErrorCode> {
  return new CodedError(code, message, options);
}
