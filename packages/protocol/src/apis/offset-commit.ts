import * as z from 'zod/mini';
import { defineApi, failure, list, natural, partitionName, text } from '../define-api.ts';

/**
 * Keeps how far a group has read. Without `generation` and with an empty `memberId` it comes from outside the group, which
 * must then have no members (UNKNOWN_MEMBER_ID). ILLEGAL_GENERATION, REBALANCE_IN_PROGRESS, FENCED_INSTANCE_ID,
 * OFFSET_METADATA_TOO_LARGE. What concerns the whole group is said of every partition.
 */
export const offsetCommit = defineApi(
  z.object({
    groupId: text,
    generation: z.optional(natural),
    memberId: text,
    groupInstanceId: z.optional(text),
    partitions: list(
      z.object({
        ...partitionName,
        offset: natural,
        leaderEpoch: z.optional(natural),
        metadata: z.optional(text),
      }),
    ),
  }),
  z.object({ partitions: list(z.object({ ...partitionName, ...failure })) }),
);
