// Placeholder declarations: the package's owner replaces each by its implementation.
import type { World } from '@millrace/runtime';
import type { BrokerNode, PartitionNode, TopicNode } from './cluster-nodes.ts';
import type { Assignor, GroupBackend } from './groups.ts';
import type { OpenRegistry, Registry } from './registry.ts';

export type { BrokerNode, PartitionNode, TopicNode } from './cluster-nodes.ts';
export type {
  Assignor,
  Claim,
  CommitOutcome,
  GroupBackend,
  GroupMembership,
  JoinOptions,
  Member,
  Position,
  TopicPartition,
} from './groups.ts';
export type { OpenRegistry, Registry, RegistryNode, SessionState } from './registry.ts';

export interface MemorySession extends Registry {
  /** Ends the session as its registry would: how a test kills a broker or a member. */
  expire(): void;
}
export interface MemoryRegistry {
  session(): MemorySession;
  readonly open: OpenRegistry;
  /** Everything, as one change for `history`. */
  snapshot(): Uint8Array;
}
/** Where the changes of a registry go to survive: the broker's own log. */
export interface RegistryJournal {
  /** Called in the order of the changes, also before the last one resolved. Resolves once the change survives a power cut; until then no one sees it. */
  append(change: Uint8Array): Promise<void>;
}
/** One tree, many sessions. `history`: what a journal was given before, in order; its sessions are gone, and their ephemeral nodes with them. */
export declare function memoryRegistry(
  world?: World,
  options?: { journal?: RegistryJournal; history?: Iterable<Uint8Array> },
): MemoryRegistry;

export declare const rangeAssignor: Assignor;
export declare function registryGroups(open: OpenRegistry, world?: World): GroupBackend;

export interface Election {
  readonly leader: string;
  /** The node's `created`. */
  readonly epoch: number;
  readonly mine: boolean;
}
/** Stands for the leadership at `path`; each change of office. Ends when the signal aborts or the session expires. */
export declare function elect(
  registry: Registry,
  path: string,
  candidate: string,
  signal: AbortSignal,
): AsyncIterable<Election>;

export declare const paths: {
  readonly brokers: string;
  broker(nodeId: number): string;
  readonly controller: string;
  readonly topics: string;
  topic(name: string): string;
  readonly deletedTopics: string;
  deletedTopic(topicId: string): string;
  partitions(topicId: string): string;
  partition(topicId: string, partition: number): string;
  readonly producerIds: string;
  readonly clusterId: string;
  readonly groups: string;
  members(group: string): string;
  member(group: string, memberId: string): string;
  assignment(group: string): string;
  offsets(group: string): string;
  offset(group: string, topicId: string, partition: number): string;
};
/** JSON of a node's value; `decode` checks it by hand and throws BAD_NODE naming the path. */
export interface NodeFormat<Value> {
  encode(value: Value): Uint8Array;
  decode(data: Uint8Array, path: string): Value;
}
export declare const brokerNode: NodeFormat<BrokerNode>;
export declare const topicNode: NodeFormat<TopicNode>;
export declare const partitionNode: NodeFormat<PartitionNode>;
export type RegistryErrorCode =
  | 'NODE_EXISTS'
  | 'NODE_MISSING'
  | 'VERSION_MISMATCH'
  | 'NOT_EMPTY'
  | 'SESSION_EXPIRED'
  | 'OUTCOME_UNKNOWN'
  | 'INVALID_PATH'
  | 'BAD_NODE'
  | 'INVALID_GROUP';
