import * as z from 'zod/mini';
import { defineApi, failure, list, natural, text } from '../define-api.ts';

/** Sets the tombstones: the name is free again at once, the files go as soon as their brokers see it. */
export const deleteTopics = defineApi(
  z.object({
    timeoutMs: natural,
    topics: list(z.object({ name: text, topicId: z.optional(text) })),
  }),
  z.object({ topics: list(z.object({ name: text, ...failure })) }),
);
