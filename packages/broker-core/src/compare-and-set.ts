import type { Registry } from '@millrace/coordination';
import { hasCode, type Random } from '@millrace/runtime';

/**
 * Names each value this broker writes, so that a read-back tells whose it is: two writes never carry the same bytes
 * (protocols §C).
 */
export type Writer = () => string;

export function createWriter(nodeId: number, random: Random): Writer {
  const session = random.uuid().slice(0, 8);
  let count = 0;
  return () => `${nodeId}/${session}/${++count}`;
}

/** Makes a node; false when there is one already that is not this very write. */
export async function tryCreate(
  registry: Registry,
  path: string,
  data: Uint8Array,
  options: { ephemeral?: boolean } = {},
): Promise<boolean> {
  for (;;) {
    try {
      await registry.create(path, data, options);
      return true;
    } catch (error) {
      if (hasCode(error, 'NODE_EXISTS')) return holds(registry, path, data);
      if (!hasCode(error, 'OUTCOME_UNKNOWN')) throw error;
    }
    const found = await registry.get(path);
    if (found !== undefined) return sameBytes(found.data, data);
  }
}

/** Replaces the value at this version; false when it has changed or gone. */
export async function trySet(
  registry: Registry,
  path: string,
  data: Uint8Array,
  version: number,
): Promise<boolean> {
  for (;;) {
    try {
      await registry.set(path, data, { version });
      return true;
    } catch (error) {
      if (hasCode(error, 'VERSION_MISMATCH')) return holds(registry, path, data);
      if (hasCode(error, 'NODE_MISSING')) return false;
      if (!hasCode(error, 'OUTCOME_UNKNOWN')) throw error;
    }
    const found = await registry.get(path);
    if (found === undefined) return false;
    if (found.version !== version) return sameBytes(found.data, data);
  }
}

async function holds(registry: Registry, path: string, data: Uint8Array): Promise<boolean> {
  const found = await registry.get(path);
  return found !== undefined && sameBytes(found.data, data);
}

function sameBytes(left: Uint8Array, right: Uint8Array): boolean {
  return Buffer.compare(left, right) === 0;
}
