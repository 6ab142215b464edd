import * as z from 'zod/mini';
import { defineApi, failure, flag, list, natural, partitionName, text } from '../define-api.ts';

/** How far groups have read; no `partitions`: all that the group has committed. Nothing committed is no error: no `offset`. */
export const offsetFetch = defineApi(
  z.object({
    groups: list(z.object({ groupId: text, partitions: z.optional(list(z.object(partitionName))) })),
    /** Rather UNSTABLE_OFFSET_COMMIT than an offset that an open transaction may move. */
    requireStable: z.optional(flag),
  }),
  z.object({
    groups: list(
      z.object({
        groupId: text,
        ...failure,
        partitions: list(
          z.object({
            ...partitionName,
            ...failure,
            offset: z.optional(natural),
            leaderEpoch: z.optional(natural),
            metadata: z.optional(text),
          }),
        ),
      }),
    ),
  }),
);
