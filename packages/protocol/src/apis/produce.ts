import * as z from 'zod/mini';
import { batchesIn, defineApi, failure, integer, list, natural, partitionName, text } from '../define-api.ts';

/**
 * Append batches to partitions. The batches of a partition are appended together or not at all; partitions are
 * independent of each other. Under acks `none` there is no answer. The bytes pass to the broker with the call.
 */
export const produce = defineApi(
  z.object({
    acks: z.enum(['none', 'leader', 'all']),
    timeoutMs: natural,
    partitions: list(z.object({ ...partitionName, batches: batchesIn, topicId: z.optional(text) })),
    transactionalId: z.optional(text),
  }),
  z.object({
    partitions: list(
      z.object({
        ...partitionName,
        ...failure,
        /** Of the first record; present when there was no error. */
        baseOffset: z.optional(natural),
        logStartOffset: z.optional(natural),
        /** ms since the epoch, when the topic stamps append times. */
        logAppendTime: z.optional(integer),
      }),
    ),
  }),
);
