import { type ErrorCode, errorCodes } from '@millrace/protocol';
import { CodedError, codeOf } from '@millrace/runtime';

/**
 * NODE_ID_TAKEN: another broker of the cluster has that id. EPOCH_WENT_BACK: a log knows more than the registry.
 * BROKER_STOPPED: it cannot be started again.
 */
export type BrokerCoreErrorCode = 'NODE_ID_TAKEN' | 'EPOCH_WENT_BACK' | 'BROKER_STOPPED';

/** How one item of an answer failed: a value, not a throw. */
export interface Failure {
  readonly error: ErrorCode;
  readonly message: string;
}

/** An error with a code of the wire: as a rejection the whole call failed, caught by a handler it becomes a value. */
export function apiError(code: ErrorCode, message: string, hint?: string): CodedError<ErrorCode> {
  return new CodedError(code, message, {
    retriable: errorCodes[code].retriable,
    ...(hint === undefined ? {} : { hint }),
  });
}

/** What the layers below call their failures, in the words of the wire. */
const codesFromBelow: { readonly [code: string]: ErrorCode } = {
  RECORD_TOO_LARGE: 'MESSAGE_TOO_LARGE',
  LOG_CLOSED: 'NOT_LEADER_OR_FOLLOWER',
  LOG_FAILED: 'STORAGE_ERROR',
  LOG_CORRUPT: 'STORAGE_ERROR',
  FOREIGN_LOG: 'STORAGE_ERROR',
  EPOCH_WENT_BACK: 'STORAGE_ERROR',
  ENOSPC: 'STORAGE_ERROR',
  EIO: 'STORAGE_ERROR',
  EMFILE: 'STORAGE_ERROR',
  ENFILE: 'STORAGE_ERROR',
  EACCES: 'STORAGE_ERROR',
  EROFS: 'STORAGE_ERROR',
  EFBIG: 'STORAGE_ERROR',
  EDQUOT: 'STORAGE_ERROR',
  SESSION_EXPIRED: 'COORDINATOR_NOT_AVAILABLE',
  OUTCOME_UNKNOWN: 'COORDINATOR_NOT_AVAILABLE',
  BAD_NODE: 'UNKNOWN_SERVER_ERROR',
};

/** Any error as a value for an answer. What the wire has no word for is UNKNOWN_SERVER_ERROR and keeps its text. */
export function failureFrom(error: unknown): Failure {
  const code = codeOf(error);
  const message = error instanceof Error || isErrorLike(error) ? error.message : String(error);
  if (code === undefined) return { error: 'UNKNOWN_SERVER_ERROR', message };
  return { error: wireCode(code), message: withHint(message, error) };
}

function wireCode(code: string): ErrorCode {
  if (Object.hasOwn(errorCodes, code)) return code as ErrorCode;
  return Object.hasOwn(codesFromBelow, code)
    ? (codesFromBelow[code] ?? 'UNKNOWN_SERVER_ERROR')
    : 'UNKNOWN_SERVER_ERROR';
}

function withHint(message: string, error: unknown): string {
  const hint = typeof error === 'object' && error !== null && 'hint' in error ? error.hint : undefined;
  return typeof hint === 'string' ? `${message}; ${hint}` : message;
}

function isErrorLike(error: unknown): error is { message: string } {
  return (
    typeof error === 'object' && error !== null && 'message' in error && typeof error.message === 'string'
  );
}
