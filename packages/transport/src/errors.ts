import { type ErrorCode, errorCodes } from '@millrace/protocol';
import { CodedError, type CodedErrorOptions, codeOf } from '@millrace/runtime';

/** What can go wrong with ports and connections; calls reject with an `ErrorCode` of the protocol. */
export type TransportErrorCode =
  | 'BROKER_UNREACHABLE'
  | 'ADDRESS_IN_USE'
  | 'ADDRESS_UNAVAILABLE'
  | 'NETWORK_EXCEPTION'
  | 'REQUEST_TIMED_OUT'
  | 'UNSUPPORTED_VERSION'
  | 'CORRUPT_MESSAGE';

export function transportError(
  code: TransportErrorCode,
  message: string,
  options?: CodedErrorOptions,
): CodedError<TransportErrorCode> {
  return new CodedError(code, message, options);
}

export function networkException(message: string, cause?: unknown): CodedError<TransportErrorCode> {
  return transportError('NETWORK_EXCEPTION', message, {
    retriable: true,
    ...(cause === undefined ? {} : { cause }),
  });
}

/** The code of an error if the protocol has it. */
export function protocolCodeOf(error: unknown): ErrorCode | undefined {
  const code = codeOf(error);
  return code !== undefined && Object.hasOwn(errorCodes, code) ? (code as ErrorCode) : undefined;
}

/** What a peer or a foreign error said, safe to log: one line, printable, at most 256 characters. */
export function printable(text: string): string {
  return text.slice(0, 256).replace(/[^\x20-\x7e]/g, '?');
}
