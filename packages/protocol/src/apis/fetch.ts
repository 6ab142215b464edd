import * as z from 'zod/mini';
import {
  batchesOut,
  defineApi,
  failure,
  integer,
  list,
  natural,
  partitionName,
  text,
} from '../define-api.ts';

/**
 * Batches from an offset on. Answers once `minBytes` are there or `maxWaitMs` have passed, at once when a partition has
 * an error. Consumers see what lies below the high watermark, followers (`replicaId`) up to the log end. The first
 * partition with data always yields at least one whole batch, however large.
 */
export const fetch = defineApi(
  z.object({
    maxWaitMs: natural,
    minBytes: natural,
    maxBytes: natural,
    partitions: list(
      z.object({
        ...partitionName,
        fetchOffset: natural,
        maxBytes: natural,
        topicId: z.optional(text),
        currentLeaderEpoch: z.optional(natural),
        /** A follower's: everything below survives a power cut there. */
        flushedOffset: z.optional(natural),
        lastFetchedEpoch: z.optional(natural),
        logStartOffset: z.optional(natural),
      }),
    ),
    isolation: z.optional(z.enum(['readUncommitted', 'readCommitted'])),
    replicaId: z.optional(natural),
    /** The incarnation of the replica that asks. */
    replicaIncarnation: z.optional(natural),
  }),
  z.object({
    partitions: list(
      z.object({
        ...partitionName,
        ...failure,
        highWatermark: z.optional(natural),
        logStartOffset: z.optional(natural),
        batches: batchesOut,
        lastStableOffset: z.optional(natural),
        abortedTransactions: z.optional(list(z.object({ producerId: natural, firstOffset: natural }))),
        divergingEpoch: z.optional(z.object({ leaderEpoch: integer, endOffset: natural })),
        currentLeader: z.optional(z.object({ nodeId: natural, leaderEpoch: natural })),
      }),
    ),
  }),
);
