import { CodedError, type CodedErrorOptions } from '@millrace/runtime';

/**
 * - `CORRUPT_MESSAGE`: the bytes are no sound batch
 * - `RECORD_TOO_LARGE`: a record that no batch of the builder's size could hold
 * - `COMPRESSION_UNAVAILABLE`: the optional package for a compression is not installed, or its codec was not handed over
 * - `INVALID_RECORD`: what should be written, or was read, is not what a record or the serde takes
 */
export type RecordErrorCode =
  | 'CORRUPT_MESSAGE'
  | 'RECORD_TOO_LARGE'
  | 'COMPRESSION_UNAVAILABLE'
  | 'INVALID_RECORD';

export function recordError(
  code: RecordErrorCode,
  message: string,
  options?: CodedErrorOptions,
): CodedError<RecordErrorCode> {
  return new CodedError(code, message, options);
}

export function corrupt(message: string, cause?: unknown): CodedError<RecordErrorCode> {
  return recordError('CORRUPT_MESSAGE', message, cause === undefined ? {} : { cause });
}
