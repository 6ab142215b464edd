import type { Offset } from '@millrace/record';
import type { World } from '@millrace/runtime';
import type { Claim, JoinOptions } from './groups.ts';

/**
 * Asks the member to let go of claims, for as long as it may take; what it answers late, or with an error, counts as
 * "as committed", so that the next owner starts there. One answer for each claim; never rejects.
 */
export async function revoke(
  claims: readonly Claim[],
  options: Pick<JoinOptions, 'onRevoke'> & { revokeTimeoutMs: number },
  { clock, logger }: World,
): Promise<readonly (Offset | undefined)[]> {
  const { revokeTimeoutMs } = options;
  const deadline = new AbortController();
  const asCommitted = claims.map(() => undefined);
  let expire = (): void => {};
  const expired = new Promise<void>((resolve) => {
    expire = resolve;
  });
  const timer = clock.after(revokeTimeoutMs, () => {
    logger.warn(
      { claims: claims.length, revokeTimeoutMs },
      'partitions are released before their handlers ended',
    );
    deadline.abort(new DOMException('the time to release is over', 'TimeoutError'));
    expire();
  });
  const answer = ask(claims, options, deadline.signal).catch((error: unknown) => {
    logger.error({ err: error }, 'a handler failed while partitions were released');
    return asCommitted;
  });
  try {
    return await Promise.race([answer, expired.then(() => asCommitted)]);
  } finally {
    timer.cancel();
  }
}

/** An `onRevoke` that throws instead of rejecting is treated alike. */
async function ask(
  claims: readonly Claim[],
  options: Pick<JoinOptions, 'onRevoke'>,
  deadline: AbortSignal,
): Promise<readonly (Offset | undefined)[]> {
  const processed = await options.onRevoke(claims, deadline);
  if (processed.length !== claims.length) {
    throw new TypeError(`onRevoke answered ${processed.length} offsets for ${claims.length} claims`);
  }
  return processed;
}
