import { apiError, type ErrorCode, isErrorCode } from '@millrace/protocol';
import { CodedError, type CodedErrorOptions, codeOf } from '@millrace/runtime';

/** What can go wrong with an address. Calls reject with an `ErrorCode` of the protocol. */
export type TransportErrorCode = 'BROKER_UNREACHABLE' | 'ADDRESS_IN_USE' | 'ADDRESS_UNAVAILABLE';

export function transportError(
  code: TransportErrorCode,
  message: string,
  options?: CodedErrorOptions,
): CodedError<TransportErrorCode> {
  return new CodedError(code, message, options);
}

export function networkException(message: string, cause?: unknown): CodedError<ErrorCode> {
  return apiError('NETWORK_EXCEPTION', message, cause === undefined ? {} : { cause });
}

/** The code of an error, if it is one that travels. */
export function protocolCodeOf(error: unknown): Exclude<ErrorCode, 'NONE'> | undefined {
  const code = codeOf(error);
  return isErrorCode(code) ? code : undefined;
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  const hasMessage = typeof error === 'object' && error !== null && 'message' in error;
  return hasMessage && typeof error.message === 'string' ? error.message : String(error);
}
