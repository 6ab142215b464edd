import type { OpenRegistry } from '@millrace/coordination';
import type { ApiName, Connection, NodeAddress, RequestOf, ResponseOf } from '@millrace/protocol';

/** What producers and consumers share: who leads what, and a connection to each broker. */
export interface Cluster extends AsyncDisposable {
  readonly clientId: string;
  /** Where the members of a group meet, unless they say otherwise. */
  readonly groups: 'registry' | 'coordinator';
  /** What groups that meet in a registry need: the one that the caller gave, or the one that the broker keeps. */
  readonly registry: OpenRegistry;
  /** How many partitions the topic has. UNKNOWN_TOPIC_OR_PARTITION at once (the hint names the closest topics), unless `create` asks for it to be created. */
  partitionsOf(topic: string, options?: { create?: boolean; signal?: AbortSignal }): Promise<number>;
  /** All topics of the cluster. */
  topics(signal?: AbortSignal): Promise<readonly string[]>;
  /**
   * Waits, with back-off and fresh metadata, until the partition has a leader. LEADER_NOT_AVAILABLE,
   * UNKNOWN_TOPIC_OR_PARTITION and BROKER_UNREACHABLE after all attempts; REACHED_OTHER_ADDRESS when brokers answer where
   * this client began, and none where they say that they are.
   */
  leaderOf(topic: string, partition: number, signal?: AbortSignal): Promise<Leader>;
  /** After NOT_LEADER_OR_FOLLOWER, FENCED_LEADER_EPOCH or a lost connection: asks again before the next answer. */
  forget(topic: string): void;
  /**
   * Asks any broker, the controller when it says that only this one can answer, retried while the error is retriable.
   * BROKER_UNREACHABLE. `listOffsets` goes to the leader of each partition, and again where it has moved. What only one
   * leader can take (`produce`, `fetch`) goes over `leaderOf`.
   */
  call<Name extends ApiName>(
    api: Name,
    request: RequestOf<Name>,
    options?: { signal?: AbortSignal },
  ): Promise<ResponseOf<Name>>;
  /**
   * A connection of the caller's own, for calls that a broker may hold for long: where answers come in order, they would
   * hold up those of others. Closed by the caller, or with the cluster. BROKER_UNREACHABLE.
   */
  dedicated(node: NodeAddress): Promise<Connection>;
  /** Closes all connections. Idempotent. */
  close(): Promise<void>;
}

export interface Leader {
  readonly nodeId: number;
  readonly leaderEpoch: number | undefined;
  readonly connection: Connection;
}
