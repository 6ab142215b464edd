// Placeholder declarations: the package's owner replaces each by its implementation.
import type { OpenRegistry } from '@millrace/coordination';
import type { Connector, Endpoint, NodeAddress } from '@millrace/protocol';
import type { World } from '@millrace/runtime';
import type { Cluster } from './cluster.ts';

export type { Cluster, Leader } from './cluster.ts';
export interface ClusterOptions {
  connect: Connector;
  /** 'host:port', or addresses. */
  bootstrap: readonly (string | Endpoint | NodeAddress)[];
  registry?: OpenRegistry;
  clientId?: string;
  retry?: { attempts: number; backoffMs: number };
  metadataMaxAgeMs?: number;
}
/** Does not connect yet. */
export declare function openCluster(options: ClusterOptions, world?: World): Cluster;
