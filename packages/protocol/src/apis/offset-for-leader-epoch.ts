import * as z from 'zod/mini';
import { defineApi, failure, list, natural, partitionName, text } from '../define-api.ts';

/** Where the log of a leader epoch ends (KIP-101, KIP-279): the largest epoch at or below the asked one, and its end. */
export const offsetForLeaderEpoch = defineApi(
  z.object({
    partitions: list(
      z.object({
        ...partitionName,
        leaderEpoch: natural,
        currentLeaderEpoch: z.optional(natural),
        topicId: z.optional(text),
      }),
    ),
    replicaId: z.optional(natural),
  }),
  z.object({
    partitions: list(
      z.object({
        ...partitionName,
        ...failure,
        leaderEpoch: z.optional(natural),
        endOffset: z.optional(natural),
      }),
    ),
  }),
);
