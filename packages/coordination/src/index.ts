// For those who meet in the registry.
export { rangeAssignor } from './assignors/range.ts';
export { roundRobinAssignor } from './assignors/round-robin.ts';
// For those who keep groups otherwise.
export { shareOut } from './assignors/share-out.ts';
export { stickyAssignor } from './assignors/sticky.ts';
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
export {
  deleteGroup,
  describeGroup,
  type GroupDescription,
  type GroupPartition,
  listGroups,
} from './group-description.ts';
export { claimClassicGroup, releaseClassicGroup } from './group-kind.ts';
export type { PastAssignment } from './group-nodes.ts';
export { seekGroup } from './group-seek.ts';
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
export { Pulse } from './pulse.ts';
export type { OpenRegistry, Registry, RegistryNode, SessionState } from './registry.ts';
export { registryGroups } from './registry-groups.ts';
export type { RegistryJournal } from './registry-store.ts';
export { revoke } from './revocation.ts';
export { topicsLike } from './topics-like.ts';
