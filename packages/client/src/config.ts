import type { OpenRegistry } from '@millrace/coordination';
import type { Connector, Endpoint, NodeAddress } from '@millrace/protocol';

export interface ClusterOptions {
  /** How a broker's address becomes a connection. */
  connect: Connector;
  /** Where to begin, tried in order: 'host:port', or addresses. The brokers found there tell of the others. */
  bootstrap: readonly (string | Endpoint | NodeAddress)[];
  /** What consumer groups need. Default: the registry that the broker keeps; brokers that share another have none to offer. */
  registry?: OpenRegistry;
  /** Where the members of a group meet: in the registry, or at a broker that coordinates them, as Kafka's clients do. 'registry' */
  groups?: 'registry' | 'coordinator';
  /** How this client names itself. 'millrace' */
  clientId?: string;
  /** How often a call is tried in all, and how long after the first failure. 5 attempts, 100 ms. */
  retry?: { attempts: number; backoffMs: number };
  /** After how long what is known of a topic is asked for again. 5 minutes. */
  metadataMaxAgeMs?: number;
}

/** Without a word from the caller. */
export const clusterDefaults = Object.freeze({
  clientId: 'millrace',
  groups: 'registry',
  retry: Object.freeze({ attempts: 5, backoffMs: 100 }),
  metadataMaxAgeMs: 5 * 60_000,
  /** A client that is not heard of for so long loses its partitions to the others of its group. */
  registryTimeoutMs: 10_000,
});
