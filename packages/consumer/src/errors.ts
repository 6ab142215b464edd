import type { ErrorCode } from '@millrace/protocol';
import { CodedError, type CodedErrorOptions } from '@millrace/runtime';

/** What consuming can fail with, beside what brokers answer. */
export type ConsumerErrorCode =
  | ErrorCode
  | 'GROUPS_NEED_REGISTRY'
  | 'NO_GROUP'
  | 'NOT_ASSIGNED'
  | 'UNDECODABLE_RECORD'
  | 'ALREADY_SUBSCRIBED'
  | 'CONSUMER_CLOSED';

export function consumerError(
  code: ConsumerErrorCode,
  message: string,
  options?: CodedErrorOptions,
): CodedError<ConsumerErrorCode> {
  return new CodedError(code, message, options);
}

export function noGroup(): Error {
  return consumerError('NO_GROUP', 'this consumer has no group that would keep its offsets', {
    hint: 'give it a group, or keep the offsets with what you make of the records',
  });
}

export function groupsNeedRegistry(group: string, cause: unknown): Error {
  return consumerError(
    'GROUPS_NEED_REGISTRY',
    `the group ${group} needs a registry, and the brokers keep none for their clients`,
    {
      cause,
      hint: `${hintOf(cause) ?? 'give the cluster the registry that the brokers use'}, or name partitions instead of a group`,
    },
  );
}

/** What whoever failed below advises. */
function hintOf(cause: unknown): string | undefined {
  const hint = typeof cause === 'object' && cause !== null && 'hint' in cause ? cause.hint : undefined;
  return typeof hint === 'string' ? hint : undefined;
}

export function alreadySubscribed(): Error {
  return consumerError('ALREADY_SUBSCRIBED', 'this consumer reads something else already', {
    hint: 'createMessageStreams is for a consumer made with a group and no topics, once',
  });
}

export function consumerClosed(what: 'read' | 'commit'): Error {
  return consumerError(
    'CONSUMER_CLOSED',
    what === 'read' ? 'the consumer was closed' : 'the consumer was closed before this commit',
    {
      hint: what === 'read' ? 'make another one' : 'commit before you close it; close commits what was done',
    },
  );
}
