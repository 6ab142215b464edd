import * as z from 'zod/mini';
import { defineApi, failure, integer, list, natural, partitionName, text } from '../define-api.ts';

/**
 * The oldest offset, the high watermark, or the first offset with a timestamp at or after `timestamp` (no `offset` in
 * the answer when there is none). Asking for the latest makes a due flush run first.
 */
export const listOffsets = defineApi(
  z.object({
    partitions: list(
      z.object({
        ...partitionName,
        at: z.enum(['earliest', 'latest', 'timestamp']),
        timestamp: z.optional(integer),
        topicId: z.optional(text),
        currentLeaderEpoch: z.optional(natural),
      }),
    ),
    isolation: z.optional(z.enum(['readUncommitted', 'readCommitted'])),
    replicaId: z.optional(natural),
  }),
  z.object({
    partitions: list(
      z.object({
        ...partitionName,
        ...failure,
        offset: z.optional(natural),
        timestamp: z.optional(integer),
        leaderEpoch: z.optional(natural),
      }),
    ),
  }),
);
