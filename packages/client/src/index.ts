// For users: where a cluster is, and a door to it.
export type { Cluster, Leader } from './cluster.ts';
export type { ClusterOptions } from './config.ts';
export type { ClientErrorCode } from './errors.ts';
export { openCluster } from './open-cluster.ts';
export { remoteRegistry } from './remote-registry.ts';
// For producers, consumers and whoever else talks to leaders: what retrying means.
export { isRetriable, leaderMayHaveMoved, mayHaveBeenDone, retryDelayMs } from './retry.ts';
