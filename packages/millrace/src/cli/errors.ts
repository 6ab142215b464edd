import { CodedError, type CodedErrorOptions } from '@millrace/runtime';

/**
 * USAGE: an argument or option that makes no sense.
 * ALREADY_RUNNING: another broker has the data directory.
 * FOREIGN_DIRECTORY: a data directory that holds something else.
 * TOPIC_NOT_FOUND, PARTITION_NOT_FOUND: the broker has none of that name or number.
 * GROUP_NOT_FOUND: no group of that name has members or offsets.
 * NO_BROKER: the registry is there, and no broker.
 * LINE_TOO_LONG: a line of the input that no broker would take.
 */
export type CliErrorCode =
  | 'USAGE'
  | 'ALREADY_RUNNING'
  | 'FOREIGN_DIRECTORY'
  | 'TOPIC_NOT_FOUND'
  | 'PARTITION_NOT_FOUND'
  | 'GROUP_NOT_FOUND'
  | 'NO_BROKER'
  | 'LINE_TOO_LONG';

export function cliError(
  code: CliErrorCode,
  message: string,
  options?: CodedErrorOptions,
): CodedError<CliErrorCode> {
  return new CodedError(code, message, options);
}
