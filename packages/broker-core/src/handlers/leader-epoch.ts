import type { Failure } from '../errors.ts';
import type { Partition } from '../partition.ts';

/** Both sides of a request must mean the same leadership (KIP-320). */
export function checkLeaderEpoch(
  { name, leaderEpoch }: Partition,
  currentLeaderEpoch: number | undefined,
): Failure | undefined {
  if (currentLeaderEpoch === undefined || currentLeaderEpoch === leaderEpoch) return undefined;
  const message = `the request names leader epoch ${currentLeaderEpoch} of ${name}, the broker leads under ${leaderEpoch}`;
  return {
    error: currentLeaderEpoch < leaderEpoch ? 'FENCED_LEADER_EPOCH' : 'UNKNOWN_LEADER_EPOCH',
    message,
  };
}
