import { type ErrorCode, errorCodes } from '@millrace/protocol';
import { type Clock, CodedError, codeOf, type Random } from '@millrace/runtime';

/** No wait between two attempts is longer. */
export const maxBackoffMs = 1_000;

/**
 * How long to wait after the n-th failure in a row (from 1): a random part of a limit that doubles, so that many clients
 * of a broker that came back do not come all at once ("full jitter").
 */
export function retryDelayMs(failures: number, backoffMs: number, random: Random): number {
  const limit = Math.min(maxBackoffMs, backoffMs * 2 ** Math.min(failures - 1, 30));
  return random.int(Math.max(1, Math.ceil(limit))) + 1;
}

/** Whether the same call may succeed later: the protocol's table decides for its codes, the error itself for others. */
export function isRetriable(error: unknown): boolean {
  const code = codeOf(error);
  if (code === 'BROKER_UNREACHABLE') return true;
  if (code !== undefined && Object.hasOwn(errorCodes, code)) return errorCodes[code as ErrorCode].retriable;
  return error instanceof CodedError && error.retriable;
}

/**
 * Whether a produce that ended so may have been done all the same. Not so when the broker refused it, or when it never
 * left.
 */
export function mayHaveBeenDone(error: unknown): boolean {
  switch (codeOf(error)) {
    case 'NETWORK_EXCEPTION':
    case 'REQUEST_TIMED_OUT':
    case 'NOT_ENOUGH_REPLICAS_AFTER_APPEND':
    case 'STORAGE_ERROR':
    case 'UNKNOWN_SERVER_ERROR':
      return true;
    default:
      return codeOf(error) === undefined;
  }
}

/** Whether after this error it has to be asked anew who leads the partition. */
export function leaderMayHaveMoved(error: unknown): boolean {
  switch (codeOf(error)) {
    case 'NOT_LEADER_OR_FOLLOWER':
    case 'LEADER_NOT_AVAILABLE':
    case 'FENCED_LEADER_EPOCH':
    case 'UNKNOWN_LEADER_EPOCH':
    case 'UNKNOWN_TOPIC_OR_PARTITION':
    case 'UNKNOWN_TOPIC_ID':
    case 'NETWORK_EXCEPTION':
    case 'REQUEST_TIMED_OUT':
    case 'BROKER_UNREACHABLE':
    case 'STORAGE_ERROR':
      return true;
    default:
      return false;
  }
}

export interface RetryPolicy {
  readonly attempts: number;
  readonly backoffMs: number;
}

/**
 * Runs `attempt` until it succeeds, fails with an error that is not retriable, or has been tried often enough: then
 * rejects with the last error. Rejects with the signal's reason when it aborts.
 */
export async function retrying<Result>(
  policy: RetryPolicy,
  attempt: (failures: number) => Promise<Result>,
  world: { readonly clock: Clock; readonly random: Random },
  signal: AbortSignal,
): Promise<Result> {
  for (let failures = 0; ; ) {
    signal.throwIfAborted();
    try {
      return await attempt(failures);
    } catch (error) {
      signal.throwIfAborted();
      failures += 1;
      if (failures >= policy.attempts || !isRetriable(error)) throw error;
      await world.clock.sleep(retryDelayMs(failures, policy.backoffMs, world.random), signal);
    }
  }
}
