import type { World } from '@millrace/runtime';
import { nodeWorld } from '@millrace/runtime/node';
import { rangeAssignor } from './assignors/range.ts';
import type { GroupBackend, JoinOptions } from './groups.ts';
import { Membership } from './membership.ts';
import { paths } from './paths.ts';
import type { OpenRegistry } from './registry.ts';

const defaultRevokeTimeoutMs = 30_000;

/**
 * Groups that share partitions by way of the registry alone (protocols §A). Each membership has a session of its own,
 * which `open` opens; while the registry is away members keep what they own, and commit nothing.
 */
export function registryGroups(open: OpenRegistry, world: World = nodeWorld): GroupBackend {
  return {
    join: async (options) => {
      // INVALID_GROUP before a session is opened.
      paths.members(options.group);
      checkOptions(options);
      const { assignor = rangeAssignor, revokeTimeoutMs = defaultRevokeTimeoutMs } = options;
      return Membership.join(open, { ...options, assignor, revokeTimeoutMs }, world);
    },
  };
}

function checkOptions({ revokeTimeoutMs = defaultRevokeTimeoutMs }: JoinOptions): void {
  if (Number.isSafeInteger(revokeTimeoutMs) && revokeTimeoutMs >= 0) return;
  throw new RangeError(`revokeTimeoutMs is ${revokeTimeoutMs}, not a whole number from 0`);
}
