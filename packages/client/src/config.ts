import type { OpenRegistry } from '@millrace/coordination';
import type { Connector, Endpoint, NodeAddress } from '@millrace/protocol';

export interface ClusterOptions {
  connect: Connector;
  /** Where to ask first: 'host:port', or addresses. One that answers is enough. */
  bootstrap: readonly (string | Endpoint | NodeAddress)[];
  /** What consumer groups need. */
  registry?: OpenRegistry;
  /** Brokers log it. `millrace` */
  clientId?: string;
  /** Of calls to any broker and the search for a leader. 6 tries, 100 ms doubling to 2 s, with full jitter. */
  retry?: { attempts: number; backoffMs: number };
  /** Who leads what is asked anew after this long, also when nothing failed. 5 min */
  metadataMaxAgeMs?: number;
}

export const defaultRetry = Object.freeze({ attempts: 6, backoffMs: 100, maxBackoffMs: 2_000 });
export const defaultMetadataMaxAgeMs = 300_000;
