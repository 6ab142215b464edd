import * as z from 'zod/mini';
import { defineApi, failure, flag, list, natural, text } from '../define-api.ts';

/** Answers once every partition of the new topics has a leader, or after `timeoutMs` with REQUEST_TIMED_OUT. */
export const createTopics = defineApi(
  z.object({
    timeoutMs: natural,
    topics: list(
      z.object({
        name: text,
        /** Default: the broker's. */
        partitions: z.optional(natural),
        replicas: z.optional(natural),
        config: z.optional(list(z.object({ name: text, value: text }))),
        /** Replica ids per partition, where the caller places them. */
        assignment: z.optional(list(list(natural))),
      }),
    ),
    validateOnly: z.optional(flag),
  }),
  z.object({
    topics: list(
      z.object({ name: text, ...failure, topicId: z.optional(text), partitions: z.optional(natural) }),
    ),
  }),
);
