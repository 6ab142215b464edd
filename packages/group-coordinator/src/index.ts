// For those who compose a broker.
export type { GroupPlace, OffsetStore, StoredEntry } from './offset-store.ts';
