/**
 * One table of what can go wrong on the wire: Kafka's names and numbers (its protocol guide, "Error Codes"), whether
 * the same call may succeed later, and the meaning. Retrying is decided here and in `client/retry`, nowhere else.
 */
const table = {
  NONE: entry(0, false, 'it worked'),
  UNKNOWN_SERVER_ERROR: entry(-1, false, 'the broker met something it did not expect'),
  OFFSET_OUT_OF_RANGE: entry(1, false, 'the offset is before the oldest record or beyond the end'),
  CORRUPT_MESSAGE: entry(2, false, 'a batch is damaged: checksum, length or layout is wrong'),
  UNKNOWN_TOPIC_OR_PARTITION: entry(3, true, 'this broker has no such topic or partition'),
  LEADER_NOT_AVAILABLE: entry(5, true, 'the partition has no leader at the moment'),
  NOT_LEADER_OR_FOLLOWER: entry(6, true, 'this broker does not lead the partition'),
  REQUEST_TIMED_OUT: entry(7, true, 'the answer did not come in time; the work may have been done'),
  MESSAGE_TOO_LARGE: entry(10, false, 'a record or batch is over the limit'),
  OFFSET_METADATA_TOO_LARGE: entry(12, false, 'the note that goes with a committed offset is too long'),
  NETWORK_EXCEPTION: entry(
    13,
    true,
    'the connection was lost before the answer; the work may have been done',
  ),
  COORDINATOR_LOAD_IN_PROGRESS: entry(14, true, 'the coordinator reads what it kept of its groups'),
  COORDINATOR_NOT_AVAILABLE: entry(15, true, 'the coordinator of the group or transaction is not available'),
  NOT_COORDINATOR: entry(16, true, 'another broker coordinates the group'),
  INVALID_TOPIC_EXCEPTION: entry(17, false, 'the name of the topic is not allowed'),
  NOT_ENOUGH_REPLICAS: entry(19, true, 'too few replicas are in sync to take the records'),
  NOT_ENOUGH_REPLICAS_AFTER_APPEND: entry(
    20,
    true,
    'the records were written, then too few replicas were in sync',
  ),
  INVALID_REQUIRED_ACKS: entry(21, false, 'acks is none of none, leader, all'),
  ILLEGAL_GENERATION: entry(22, false, 'the member is of another generation of the group'),
  INCONSISTENT_GROUP_PROTOCOL: entry(
    23,
    false,
    'the member supports nothing that all others of the group do',
  ),
  INVALID_GROUP_ID: entry(24, false, 'this cannot be the name of a group'),
  UNKNOWN_MEMBER_ID: entry(25, false, 'the group has no such member'),
  INVALID_SESSION_TIMEOUT: entry(26, false, 'the session timeout is outside of what the broker allows'),
  REBALANCE_IN_PROGRESS: entry(27, false, 'the group is rebalancing: the member has to join again'),
  TOPIC_AUTHORIZATION_FAILED: entry(29, false, 'the principal may not do this to the topic'),
  GROUP_AUTHORIZATION_FAILED: entry(30, false, 'the principal may not do this to the group'),
  CLUSTER_AUTHORIZATION_FAILED: entry(31, false, 'the principal may not do this to the cluster'),
  UNSUPPORTED_VERSION: entry(35, false, 'the broker does not know this request'),
  TOPIC_ALREADY_EXISTS: entry(36, false, 'a topic of that name exists'),
  INVALID_PARTITIONS: entry(37, false, 'the number of partitions is not allowed'),
  INVALID_REPLICATION_FACTOR: entry(38, false, 'there are not that many brokers'),
  INVALID_CONFIG: entry(40, false, 'a configuration name or value is not allowed'),
  NOT_CONTROLLER: entry(41, true, 'another broker is the controller'),
  INVALID_REQUEST: entry(42, false, 'the request contradicts itself or its schema'),
  OUT_OF_ORDER_SEQUENCE: entry(45, false, 'a batch of this producer is missing before this one'),
  INVALID_PRODUCER_EPOCH: entry(47, false, 'a newer instance of this producer has taken over'),
  STORAGE_ERROR: entry(
    56,
    true,
    'a write or flush failed; the partition is read-only until the broker restarts',
  ),
  NON_EMPTY_GROUP: entry(68, false, 'the group has members'),
  GROUP_ID_NOT_FOUND: entry(69, false, 'there is no group of that name'),
  FENCED_LEADER_EPOCH: entry(74, true, 'the leader epoch in the request is older than the broker’s'),
  UNKNOWN_LEADER_EPOCH: entry(75, true, 'the leader epoch in the request is newer than the broker’s'),
  MEMBER_ID_REQUIRED: entry(79, false, 'the member has to join again with the id that it was given'),
  GROUP_MAX_SIZE_REACHED: entry(81, false, 'the group has as many members as it may'),
  FENCED_INSTANCE_ID: entry(82, false, 'another member has taken over this instance id'),
  UNSTABLE_OFFSET_COMMIT: entry(88, true, 'an open transaction may still move the offset'),
  UNKNOWN_TOPIC_ID: entry(100, true, 'this broker has no topic of that id'),
  INVALID_RECORD: entry(87, false, 'a record is not what the topic takes; nothing of the batch was written'),
  THROTTLED: entry(89, true, 'the broker is over a limit; try again later'),
} as const;

/** How an API reports what went wrong; a closed set. */
export type ErrorCode = keyof typeof table;

export interface ErrorCodeEntry {
  /** Kafka's number. */
  readonly id: number;
  readonly retriable: boolean;
  readonly meaning: string;
}

export const errorCodes: { readonly [Code in ErrorCode]: ErrorCodeEntry } = table;

const byId = new Map<number, ErrorCode>(
  Object.entries(table).map(([code, { id }]) => [id, code as ErrorCode]),
);

/** The code with this number; UNKNOWN_SERVER_ERROR for one that this version does not know. */
export function errorCodeOf(id: number): ErrorCode {
  return byId.get(id) ?? 'UNKNOWN_SERVER_ERROR';
}

function entry(id: number, retriable: boolean, meaning: string): ErrorCodeEntry {
  return Object.freeze({ id, retriable, meaning });
}
