// For those who compose a broker.
export {
  type GroupApi,
  type GroupCoordinator,
  type GroupCoordinatorOptions,
  groupCoordinator,
} from './group-coordinator.ts';
export type { GroupNames } from './group-names.ts';
export { defaultLimits, type GroupLimits } from './limits.ts';
export { memoryOffsetStore } from './memory-offset-store.ts';
export type { GroupPlace, OffsetStore, StoredEntry } from './offset-store.ts';
