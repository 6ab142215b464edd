import * as z from 'zod/mini';
import { defineApi, failure, flag, list, text } from '../define-api.ts';

/** Sets the named entries of topics (no `value`: back to the default) and leaves the others; one compare-and-set a topic. */
export const alterConfigs = defineApi(
  z.object({
    resources: list(
      z.object({
        type: z.enum(['topic', 'broker']),
        name: text,
        changes: list(z.object({ name: text, value: z.optional(text) })),
      }),
    ),
    validateOnly: z.optional(flag),
  }),
  z.object({ resources: list(z.object({ type: z.enum(['topic', 'broker']), name: text, ...failure })) }),
);
