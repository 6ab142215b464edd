import { silentLogger, type World } from '@millrace/runtime';
import { MemorySession } from './memory-session.ts';
import type { OpenRegistry } from './registry.ts';
import { type RegistryJournal, RegistryStore } from './registry-store.ts';

export interface MemoryRegistry {
  session(): MemorySession;
  readonly open: OpenRegistry;
  /** Everything, as one change for `history`; it covers every change handed to the journal before. */
  snapshot(): Uint8Array;
}

/**
 * One tree, many sessions, which end only by `close`, by `expire`, or all at once when the journal fails: calls under
 * way then reject with OUTCOME_UNKNOWN, and so does `open` from then on.
 *
 * `history`: what a journal was given before, in order; its sessions are gone, and their ephemeral nodes with them.
 */
export function memoryRegistry(
  world?: World,
  options: { journal?: RegistryJournal; history?: Iterable<Uint8Array> } = {},
): MemoryRegistry {
  const store = new RegistryStore(world?.logger ?? silentLogger, options.journal, options.history ?? []);
  const session = (): MemorySession => new MemorySession(store);
  return {
    session,
    open: async (signal) => {
      signal?.throwIfAborted();
      if (store.failure !== undefined) throw store.failure;
      return session();
    },
    snapshot: () => store.snapshot(),
  };
}
