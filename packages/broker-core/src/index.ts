// For those who compose a broker.
export { type BrokerCore, type BrokerCoreOptions, createBrokerCore } from './broker-core.ts';
// For those who put their own parts beside its own.
export { closestName } from './closest-name.ts';
export type { BrokerCoreErrorCode } from './errors.ts';
export type { CoreApi } from './handlers/index.ts';
export type { Durability } from './partition.ts';
export { type DelayedOperation, Purgatory, type Settled } from './purgatory.ts';
export type { Endpoints } from './registration.ts';
export { type FollowerProgress, highWatermark } from './replica-progress.ts';
export { topicDefaults } from './topic-config-definitions.ts';
