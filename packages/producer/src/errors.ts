import type { ErrorCode } from '@millrace/protocol';
import { CodedError, type CodedErrorOptions, codeOf, type ErrorDetails } from '@millrace/runtime';

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

export function outOfRange(topic: string, partition: number, partitions: number): Error {
  return producerError(
    'PARTITION_OUT_OF_RANGE',
    `partition ${partition} of ${topic} was asked for, it has ${partitions}, counted from 0`,
    { details: { topic, partition } },
  );
}

/** The producer was closed; a record that was sent, and not answered, may have been written. */
export function producerClosed(mayBeWritten: boolean, details: ErrorDetails): Error {
  return producerError('PRODUCER_CLOSED', `the producer was closed; ${fate(mayBeWritten)}`, {
    details: { ...details, mayBeWritten },
  });
}

/** What the broker said, or why nobody could be asked, with what became of the records. */
export function refused(error: unknown, mayBeWritten: boolean, details: ErrorDetails): Error {
  const { message, hint } = error as { message?: string; hint?: string };
  return producerError(
    (codeOf(error) ?? 'UNKNOWN_SERVER_ERROR') as ProducerErrorCode,
    `${message ?? String(error)}; ${fate(mayBeWritten)}`,
    { cause: error, details: { ...details, mayBeWritten }, ...(hint === undefined ? {} : { hint }) },
  );
}

/**
 * `what` was not done in time, for the reason that the last attempt gave, if there is one. Sending again is harmless only
 * when nothing can have been written.
 */
export function deliveryTimedOut(
  what: string,
  mayBeWritten: boolean,
  details: ErrorDetails,
  last?: unknown,
): Error {
  const { message, hint } = (last ?? {}) as { message?: string; hint?: string };
  const why = message === undefined ? what : `${what}: ${message}`;
  return producerError('DELIVERY_TIMED_OUT', `${why}; ${fate(mayBeWritten)}`, {
    retriable: !mayBeWritten,
    details: { ...details, mayBeWritten },
    ...(last === undefined ? {} : { cause: last }),
    ...(hint === undefined ? {} : { hint }),
  });
}

function fate(mayBeWritten: boolean): string {
  return mayBeWritten ? 'it may have been written' : 'it was not written';
}
