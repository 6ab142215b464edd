import type { GroupPlace, OffsetStore, StoredEntry } from './offset-store.ts';

/** Keeps offsets as long as the process lives, for a broker that is alone: for tests, and for whoever needs no more. */
export function memoryOffsetStore(nodeId = 1): OffsetStore {
  const entries: StoredEntry[] = [];
  const place: GroupPlace = { partition: 0, nodeId, logId: 'memory', leaderEpoch: 0 };
  return {
    placeOf: () => Promise.resolve(place),
    led: () => Promise.resolve([place]),
    async *read() {
      yield* entries;
    },
    append: (_, added) => {
      entries.push(...added);
      return Promise.resolve();
    },
  };
}
