import { isRetriable, retryDelayMs } from '@millrace/client';
import type { World } from '@millrace/runtime';

const backoffMs = 50;

export interface Patience {
  readonly world: World;
  /** From then on an error that may pass is taken for one that does not. */
  readonly withinMs: number;
  readonly signal: AbortSignal;
}

/** Tries again while the error may pass: a broker that is started again is waited for. Rejects with the last error, or the signal's reason. */
export async function patiently<Result>(
  attempt: () => Promise<Result>,
  { world: { clock, random }, withinMs, signal }: Patience,
  mayPass: (error: unknown) => boolean = isRetriable,
): Promise<Result> {
  const deadline = clock.monotonic() + withinMs;
  for (let failures = 1; ; failures += 1) {
    try {
      return await attempt();
    } catch (error) {
      signal.throwIfAborted();
      if (!mayPass(error) || clock.monotonic() >= deadline) throw error;
      await clock.sleep(retryDelayMs(failures, backoffMs, random), signal);
    }
  }
}
