import { CodedError, type CodedErrorOptions } from '@millrace/runtime';

/**
 * OFFSET_OUT_OF_RANGE: outside `[startOffset, endOffset]`.
 * RECORD_TOO_LARGE: a batch above `maxBatchBytes`.
 * CORRUPT_MESSAGE: bytes that are no batch; from disk `details` has file, position and nextOffset (the next readable one).
 * OUT_OF_ORDER_SEQUENCE, INVALID_PRODUCER_EPOCH: an idempotent producer's batch that does not follow its last one.
 * LOG_FAILED: the disk refused; retriable when it was full and what was half written has been cut away.
 * LOG_CLOSED: used after `close`.
 * FOREIGN_LOG: the directory belongs to another identity.
 * LOG_CORRUPT: the directory cannot be opened without losing data that was flushed.
 * INVALID_NAME: no name for a log.
 * INVALID_RECORD: a record without a key for a log that is compacted by key.
 */
export type LogErrorCode =
  | 'OFFSET_OUT_OF_RANGE'
  | 'RECORD_TOO_LARGE'
  | 'CORRUPT_MESSAGE'
  | 'OUT_OF_ORDER_SEQUENCE'
  | 'INVALID_PRODUCER_EPOCH'
  | 'LOG_FAILED'
  | 'LOG_CLOSED'
  | 'FOREIGN_LOG'
  | 'LOG_CORRUPT'
  | 'INVALID_NAME'
  | 'INVALID_RECORD';

export function logError(
  code: LogErrorCode,
  message: string,
  options?: CodedErrorOptions,
): CodedError<LogErrorCode> {
  return new CodedError(code, message, options);
}

/** What the system said, in words for a message. */
export function reasonOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'message' in error
    ? String(error.message)
    : String(error);
}
