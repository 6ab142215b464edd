// Placeholder declarations: the package's owner replaces each by its implementation.
import type { OpenRegistry } from '@millrace/coordination';
import type { LogOptions } from '@millrace/log';
import type { BrokerApi, Connector, Endpoint, WireCodec } from '@millrace/protocol';
import type { World } from '@millrace/runtime';

export interface BrokerConfig {
  /** 1 */
  nodeId?: number;
  /** none: in memory, gone on stop. */
  dataDirectory?: string;
  /** none: this process only; codec msgpackCodec(), port any. */
  listeners?: readonly { name?: string; host?: string; port?: number; codec?: WireCodec }[];
  /** Listen beyond loopback without authentication. */
  insecure?: boolean;
  /** Default: an embedded one, a cluster of one. */
  registry?: OpenRegistry;
  durability?: 'flushed' | 'process';
  autoCreateTopics?: { partitions: number; replicas: number } | false;
  log?: LogOptions;
  /** More questions it answers, e.g. a group coordinator's. */
  extraApis?: Partial<BrokerApi>;
}
export interface Broker extends AsyncDisposable {
  readonly nodeId: number;
  /** As bound. */
  readonly endpoints: { readonly [listener: string]: Endpoint };
  readonly api: Partial<BrokerApi>;
  /** In process: nothing copied. */
  readonly connect: Connector;
  /** A session of its own registry, embedded or not. */
  readonly registry: OpenRegistry;
  stop(): Promise<void>;
}
/** LOCKED, ADDRESS_IN_USE, INSECURE_LISTENER, INVALID_CONFIG. */
export declare function startBroker(config?: BrokerConfig, world?: World): Promise<Broker>;
