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

const outcomeUnknown: ReadonlySet<string | undefined> = new Set<ErrorCode | undefined>([
  'NETWORK_EXCEPTION',
  'REQUEST_TIMED_OUT',
  'NOT_ENOUGH_REPLICAS_AFTER_APPEND',
  'STORAGE_ERROR',
  'UNKNOWN_SERVER_ERROR',
  // No broker said so: who knows what happened.
  undefined,
]);

/** Whether a call that ended so may have been done all the same. Not so when the broker refused it. */
export function mayHaveBeenDone(error: unknown): boolean {
  return outcomeUnknown.has(codeOf(error));
}

const leaderUncertain: ReadonlySet<string | undefined> = new Set<ErrorCode | 'BROKER_UNREACHABLE'>([
  'NOT_LEADER_OR_FOLLOWER',
  'LEADER_NOT_AVAILABLE',
  'FENCED_LEADER_EPOCH',
  'UNKNOWN_LEADER_EPOCH',
  'UNKNOWN_TOPIC_OR_PARTITION',
  'UNKNOWN_TOPIC_ID',
  'NETWORK_EXCEPTION',
  'REQUEST_TIMED_OUT',
  'BROKER_UNREACHABLE',
  'STORAGE_ERROR',
]);

/** Whether after this error it has to be asked anew who leads the partition. */
export function leaderMayHaveMoved(error: unknown): boolean {
  return leaderUncertain.has(codeOf(error));
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
