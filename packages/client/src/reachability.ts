import type { NodeAddress } from '@millrace/protocol';
import { type CodedError, codeOf } from '@millrace/runtime';
import { addressText } from './bootstrap-address.ts';
import { clientError } from './errors.ts';

/** With more brokers than these it is not looked into: each would be connected to at once. */
const mostProbed = 100;

/** What has to be tried to know whether brokers tell addresses at which they cannot be reached. */
export interface ReachabilityProbe {
  /** The brokers that the broker at this address tells of, asked now; rejects when it does not answer. */
  brokersToldAt(address: NodeAddress): Promise<readonly NodeAddress[]>;
  /** Whether a connection to this broker comes about. */
  isReached(node: NodeAddress): Promise<boolean>;
}

/**
 * REACHED_OTHER_ADDRESS when a broker answers at one of the addresses this client began with, and no broker that it
 * tells of is reached at the address it tells, nor told to be where it was reached. undefined otherwise: then brokers
 * are away, and their addresses are right.
 */
export async function otherAddressError(
  bootstrap: readonly NodeAddress[],
  probe: ReachabilityProbe,
  cause: unknown,
): Promise<Error | undefined> {
  for (const reached of bootstrap) {
    const told = await probe.brokersToldAt(reached).catch(() => []);
    if (told.length === 0 || told.some((node) => addressText(node) === addressText(reached))) continue;
    if (told.length > mostProbed) return undefined;
    // Asked after that answer, so that a broker which was just starting is not taken for one at a wrong address.
    const found = await Promise.all(told.map((node) => probe.isReached(node)));
    return found.includes(true) ? undefined : reachedOther(reached, told, cause);
  }
  return undefined;
}

function reachedOther(reached: NodeAddress, told: readonly NodeAddress[], cause: unknown): Error {
  const from = addressText(reached);
  const to = told.map(addressText).join(', ');
  const isAlone = told.length === 1;
  const hint = isAlone
    ? `a broker tells clients the address it listens on: ${howToListen(reached)}; or connect from where ${to} leads to it`
    : 'a broker tells clients the address it listens on: start each with `--listen` and an address that clients reach';
  return clientError(
    'REACHED_OTHER_ADDRESS',
    isAlone
      ? `reached the broker at ${from}, which says that it is to be reached at ${to}, where nobody answers`
      : `reached a broker at ${from}, which says that the brokers are to be reached at ${to}, where nobody answers`,
    { hint, cause, details: { reached: from, told: to } },
  );
}

function howToListen(reached: NodeAddress): string {
  const isLocal = /^(localhost|127\.\d+\.\d+\.\d+|::1)$/.test(reached.host);
  return `start it with \`--listen ${addressText(reached)}${isLocal ? '' : ' --insecure'}\``;
}

/** A leader at an address where nobody answers; another error stays as it is. */
export function leaderUnreachable(
  node: NodeAddress,
  topic: string,
  partition: number,
  cause: unknown,
): unknown {
  if (codeOf(cause) !== 'BROKER_UNREACHABLE') return cause;
  const { message, hint } = cause as CodedError;
  const who = `broker ${node.nodeId}, which leads ${topic}-${partition}, does not answer at ${addressText(node)}`;
  return clientError('BROKER_UNREACHABLE', `${who}: ${message}`, {
    retriable: true,
    cause,
    details: { topic, partition, address: addressText(node) },
    ...(hint === undefined ? {} : { hint }),
  });
}
