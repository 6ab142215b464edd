// For those who meet in the registry.
export { rangeAssignor } from './assignors/range.ts';
export {
  type BrokerNode,
  brokerNode,
  type PartitionNode,
  partitionNode,
  type TopicNode,
  topicNode,
} from './cluster-nodes.ts';
export { type Election, elect } from './election.ts';
export type { RegistryErrorCode } from './errors.ts';
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
export { type MemoryRegistry, memoryRegistry } from './memory-registry.ts';
export type { MemorySession } from './memory-session.ts';
export type { NodeFormat } from './node-format.ts';
export { paths } from './paths.ts';
// For those who implement a registry or keep one.
export type { OpenRegistry, Registry, RegistryNode, SessionState } from './registry.ts';
export type { RegistryJournal } from './registry-store.ts';

import type { World } from '@millrace/runtime';
import type { GroupBackend } from './groups.ts';
import type { OpenRegistry } from './registry.ts';
export declare function registryGroups(open: OpenRegistry, world?: World): GroupBackend;
