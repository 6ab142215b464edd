import type { ApiName, ErrorCode } from '@millrace/protocol';
import { errorCodes } from '@millrace/protocol';
import { codeOf, type Random } from '@millrace/runtime';

/** How often, and how long apart. */
export interface RetryPolicy {
  /** Tries in all. */
  readonly attempts: number;
  /** The pause before the second try is up to this, then up to twice this, and so on, up to `maxBackoffMs`. */
  readonly backoffMs: number;
  readonly maxBackoffMs: number;
}

/** Asked twice, these do something else than asked once: what was sent and not answered is not sent again. */
const notRepeatable: ReadonlySet<ApiName> = new Set(['createTopics', 'deleteTopics']);

/** Whether the same call may succeed later. The only place, with the protocol's table, that decides so. */
export function isRetriable(error: unknown, api?: ApiName): boolean {
  const code = codeOf(error);
  if (code === 'BROKER_UNREACHABLE') return true;
  const unknownOutcome = code === 'NETWORK_EXCEPTION' || code === 'REQUEST_TIMED_OUT';
  if (unknownOutcome && api !== undefined && notRepeatable.has(api)) return false;
  return isErrorCode(code) && errorCodes[code].retriable;
}

/** Whether the error says that somebody else leads the partition by now, or nobody. */
export function isStaleLeader(code: string | undefined): boolean {
  return code !== undefined && staleLeader.has(code);
}

const staleLeader: ReadonlySet<string> = new Set([
  'NOT_LEADER_OR_FOLLOWER',
  'LEADER_NOT_AVAILABLE',
  'FENCED_LEADER_EPOCH',
  'UNKNOWN_LEADER_EPOCH',
  'UNKNOWN_TOPIC_OR_PARTITION',
  'UNKNOWN_TOPIC_ID',
  'NETWORK_EXCEPTION',
  'REQUEST_TIMED_OUT',
  'BROKER_UNREACHABLE',
]);

function isErrorCode(code: string | undefined): code is ErrorCode {
  return code !== undefined && Object.hasOwn(errorCodes, code);
}

/** Exponential, with full jitter, so that clients that lost the same broker do not come back in step. `attempt` counts from 0. */
export function backoffMs(attempt: number, policy: RetryPolicy, random: Random): number {
  const ceiling = Math.min(policy.maxBackoffMs, policy.backoffMs * 2 ** Math.min(attempt, 20));
  return 1 + random.int(Math.max(1, Math.floor(ceiling)));
}
