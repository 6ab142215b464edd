import { CodedError, type CodedErrorOptions } from '@millrace/runtime';
import { type ErrorCode, errorCodes } from './error-codes.ts';

/** A call that failed as a whole; whether it may succeed later is what the table of codes says. */
export function apiError(
  code: Exclude<ErrorCode, 'NONE'>,
  message: string,
  options?: Omit<CodedErrorOptions, 'retriable'>,
): CodedError<ErrorCode> {
  return new CodedError(code, message, { ...options, retriable: errorCodes[code].retriable });
}

/** Whether a code, of whatever origin, is one that travels. */
export function isErrorCode(code: string | undefined): code is Exclude<ErrorCode, 'NONE'> {
  return code !== undefined && code !== 'NONE' && Object.hasOwn(errorCodes, code);
}
