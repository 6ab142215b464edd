import { hasCode } from '@millrace/runtime';
import type { Registry, RegistryNode } from './registry.ts';

export interface Election {
  readonly leader: string;
  /** The node's `created`. */
  readonly epoch: number;
  readonly mine: boolean;
}

/**
 * Stands for the leadership at `path`: whoever makes the ephemeral node leads until it goes. Yields each change of
 * office. Ends when the signal aborts or the session expires; a leader who stops reading gives up the office.
 *
 * A node counts as mine only if this very session made it. One that an older session of the same candidate left
 * behind is another's: it will go, and then the election is open again (KAFKA-992).
 */
export async function* elect(
  registry: Registry,
  path: string,
  candidate: string,
  signal: AbortSignal,
): AsyncGenerator<Election, void, undefined> {
  let office: RegistryNode | undefined;
  try {
    for await (const _ of registry.watch(path, signal)) {
      const node = await holderOf(registry, path, candidate, signal);
      if (node === undefined) return;
      const changed = node.created !== office?.created;
      office = node;
      if (signal.aborted) return;
      if (!changed) continue;
      yield { leader: Buffer.from(node.data).toString('utf8'), epoch: node.created, mine: node.owned };
    }
  } catch (error) {
    if (!hasCode(error, 'SESSION_EXPIRED')) throw error;
  } finally {
    if (office?.owned === true) await resign(registry, path);
  }
}

/** The node of whoever holds the office, taken if it was free; undefined when the signal aborted. */
async function holderOf(
  registry: Registry,
  path: string,
  candidate: string,
  signal: AbortSignal,
): Promise<RegistryNode | undefined> {
  while (!signal.aborted) {
    try {
      const holder = await registry.get(path);
      if (holder !== undefined) return holder;
      return await registry.create(path, Buffer.from(candidate), { ephemeral: true });
    } catch (error) {
      // Another was faster, or an answer was lost: who holds it is what the next read says.
      if (hasCode(error, 'OUTCOME_UNKNOWN')) await whenConnected(registry, signal);
      else if (!hasCode(error, 'NODE_EXISTS')) throw error;
    }
  }
  return undefined;
}

async function whenConnected(registry: Registry, signal: AbortSignal): Promise<void> {
  for await (const state of registry.states(signal)) if (state === 'connected') return;
}

/** Best effort: the end of the session removes the node in any case. */
async function resign(registry: Registry, path: string): Promise<void> {
  try {
    const node = await registry.get(path);
    if (node?.owned === true) await registry.delete(path, { version: node.version });
  } catch (error) {
    const over = ['SESSION_EXPIRED', 'NODE_MISSING', 'OUTCOME_UNKNOWN', 'VERSION_MISMATCH'];
    if (!over.some((code) => hasCode(error, code))) throw error;
  }
}
