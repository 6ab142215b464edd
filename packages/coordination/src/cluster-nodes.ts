/** What lies in the registry about brokers, topics and partitions; JSON, so that an operator can read it. */

/** `/brokers/<nodeId>`, ephemeral. Its `created` is the broker's incarnation. */
export interface BrokerNode {
  readonly nodeId: number;
  /** Listener name → address as bound. */
  readonly endpoints: { readonly [listener: string]: { readonly host: string; readonly port: number } };
}

/** `/topics/<name>`: changed by compare-and-set, never recreated at the same path while `deleted` is being carried out. */
export interface TopicNode {
  readonly id: string;
  readonly name: string;
  /** Partition n is `replicas[n]`: node ids, the preferred leader first. */
  readonly replicas: readonly (readonly number[])[];
  readonly config: { readonly [name: string]: string };
  /** A tombstone: brokers delete the logs of this id, then the node goes. */
  readonly deleted?: true;
  readonly writer: string;
}

/** `/partitions/<topicId>/<n>`: protocols §B. */
export interface PartitionNode {
  /** undefined: none. */
  readonly leader?: number;
  readonly leaderIncarnation?: number;
  readonly leaderEpoch: number;
  readonly inSync: readonly { readonly nodeId: number; readonly incarnation: number }[];
  readonly writer: string;
}
