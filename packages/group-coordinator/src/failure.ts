import { type ErrorCode, isErrorCode } from '@millrace/protocol';
import { codeOf } from '@millrace/runtime';

/** How one item of an answer failed. */
export interface Failure {
  readonly error: ErrorCode;
  readonly message: string;
}

/** Any error as a value for an answer. */
export function failureFrom(error: unknown): Failure {
  const code = codeOf(error);
  const message = error instanceof Error ? error.message : String(error);
  return { error: isErrorCode(code) ? code : 'UNKNOWN_SERVER_ERROR', message };
}
