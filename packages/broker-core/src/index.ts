// Placeholder declarations: the package's owner replaces each by its implementation.
import type { OpenRegistry } from '@millrace/coordination';
import type { LogDirectory } from '@millrace/log';
import type { BrokerApi, Connector, Endpoint } from '@millrace/protocol';
import type { World } from '@millrace/runtime';

export interface BrokerCoreOptions {
  /** 1 */
  nodeId?: number;
  logs: LogDirectory;
  registry: OpenRegistry;
  /** How a follower reaches its leader; a cluster of one needs none. */
  connect?: Connector;
  /** `flushed` (default): acks all waits for the flush, and consumers see only what is flushed; `process`: for the page cache. */
  durability?: 'flushed' | 'process';
  minInSyncReplicas?: number;
  replicaLagMs?: number;
  autoCreateTopics?: { partitions: number; replicas: number } | false;
}
export interface BrokerCore extends AsyncDisposable {
  readonly nodeId: number;
  readonly api: BrokerApi;
  /** Registers with these addresses (after the ports are bound), leads what it should; resolves when it serves. */
  start(endpoints?: { readonly [listener: string]: Endpoint }): Promise<void>;
  /** Answers what is parked, flushes, leaves. Idempotent. */
  stop(): Promise<void>;
}
export declare function createBrokerCore(options: BrokerCoreOptions, world?: World): BrokerCore;
