import * as z from 'zod/mini';
import { batchesIn, defineApi, failure, flag, list, natural, text } from '../define-api.ts';

/**
 * Joins a classic group, or rejoins it with another subscription. Answers when every member has joined or the rebalance
 * timeout is over; the leader alone is told of the members. MEMBER_ID_REQUIRED, UNKNOWN_MEMBER_ID, INVALID_GROUP_ID,
 * INVALID_SESSION_TIMEOUT, INCONSISTENT_GROUP_PROTOCOL, GROUP_MAX_SIZE_REACHED, FENCED_INSTANCE_ID, NOT_COORDINATOR,
 * COORDINATOR_NOT_AVAILABLE, COORDINATOR_LOAD_IN_PROGRESS. `memberId` of the answer is the member's in any case.
 */
export const joinGroup = defineApi(
  z.object({
    groupId: text,
    /** Empty: a new member. */
    memberId: text,
    /** A static member: it keeps its partitions over a restart (KIP-345). */
    groupInstanceId: z.optional(text),
    /** `consumer`, `connect`, …: all members have the same. */
    protocolType: text,
    /** What the member supports, what it likes best first; the metadata is the clients' own. */
    protocols: list(z.object({ name: text, metadata: batchesIn })),
    sessionTimeoutMs: natural,
    rebalanceTimeoutMs: natural,
    reason: z.optional(text),
    /** A new member that takes MEMBER_ID_REQUIRED for an answer and joins again with the id it is given (KIP-394). */
    takesMemberId: z.optional(flag),
    /** A leader that understands `skipAssignment` (KIP-814); others are told of the leader that was before. */
    canSkipAssignment: z.optional(flag),
  }),
  z.object({
    ...failure,
    memberId: text,
    generation: z.optional(natural),
    protocolType: z.optional(text),
    protocolName: z.optional(text),
    /** The member that assigns. */
    leader: z.optional(text),
    /** The leader shall not assign: what it would hand out holds already. */
    skipAssignment: z.optional(flag),
    members: list(z.object({ memberId: text, groupInstanceId: z.optional(text), metadata: batchesIn })),
  }),
);
