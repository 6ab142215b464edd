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
  /** Listener name → address at which others reach it. */
  readonly endpoints: { readonly [listener: string]: { readonly host: string; readonly port: number } };
  /** The machine and the process, for people. */
  readonly host?: string;
  readonly pid?: number;
  /** When it registered, ms since the epoch by its own clock. */
  readonly since?: number;
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
  /** When the leader was chosen or lost, ms since the epoch by the clock of the controller; for people. */
  readonly since?: number;
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
    ...optional(json, 'host', aText),
    ...optional(json, 'pid', aCount),
    ...optional(json, 'since', aCount),
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
    ...optional(json, 'since', aCount),
    writer: aText(json['writer'], 'writer'),
  };
});
