import {
  aCount,
  aList,
  aMap,
  anObject,
  aText,
  jsonFormat,
  type NodeFormat,
  optional,
} from './node-format.ts';

/** What lies in the registry about brokers, topics and partitions; JSON, so that an operator can read it. */

/** `/brokers/<nodeId>`, ephemeral. Its `created` is the broker's incarnation. */
export interface BrokerNode {
  readonly nodeId: number;
  /** Listener name → address as bound. */
  readonly endpoints: { readonly [listener: string]: { readonly host: string; readonly port: number } };
}

/**
 * `/topics/<name>`: changed only by compare-and-set and never removed, so that versions never restart. Deleting a topic
 * sets `deleted` (a tombstone: brokers delete the logs of this id, and of no other); creating it again first makes
 * `/deleted-topics/<old id>` (so that a broker that was away still learns it), then replaces the tombstone with a new id.
 */
export interface TopicNode {
  readonly id: string;
  readonly name: string;
  /** Partition n is `replicas[n]`: node ids, the preferred leader first. */
  readonly replicas: readonly (readonly number[])[];
  readonly config: { readonly [name: string]: string };
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

export const brokerNode: NodeFormat<BrokerNode> = jsonFormat((value) => {
  const json = anObject(value, 'the value');
  return {
    nodeId: aCount(json['nodeId'], 'nodeId'),
    endpoints: aMap(json['endpoints'], 'endpoints', (endpoint, what) => {
      const { host, port } = anObject(endpoint, what);
      return { host: aText(host, `${what}.host`), port: aCount(port, `${what}.port`) };
    }),
  };
});

export const topicNode: NodeFormat<TopicNode> = jsonFormat((value) => {
  const json = anObject(value, 'the value');
  return {
    id: aText(json['id'], 'id'),
    name: aText(json['name'], 'name'),
    replicas: aList(json['replicas'], 'replicas', (nodeIds, what) => aList(nodeIds, what, aCount)),
    config: aMap(json['config'], 'config', aText),
    ...(json['deleted'] === true ? { deleted: true } : {}),
    writer: aText(json['writer'], 'writer'),
  };
});

export const partitionNode: NodeFormat<PartitionNode> = jsonFormat((value) => {
  const json = anObject(value, 'the value');
  return {
    ...optional(json, 'leader', aCount),
    ...optional(json, 'leaderIncarnation', aCount),
    leaderEpoch: aCount(json['leaderEpoch'], 'leaderEpoch'),
    inSync: aList(json['inSync'], 'inSync', (replica, what) => {
      const { nodeId, incarnation } = anObject(replica, what);
      return {
        nodeId: aCount(nodeId, `${what}.nodeId`),
        incarnation: aCount(incarnation, `${what}.incarnation`),
      };
    }),
    writer: aText(json['writer'], 'writer'),
  };
});
