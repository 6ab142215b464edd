// For users.

// For those who write another end.
export { addressText, parseAddress } from './address.ts';
export type { Cluster, Leader } from './cluster.ts';
export type { ClusterOptions } from './config.ts';
export type { ClientErrorCode } from './errors.ts';
export { openCluster } from './open-cluster.ts';
export { backoffMs, isRetriable, isStaleLeader, type RetryPolicy } from './retry.ts';
