import * as z from 'zod/mini';
import { defineApi, failure, flag, list, text } from '../define-api.ts';

/** The configuration that holds for topics (or a broker, by node id), every name with its value and where it comes from. */
export const describeConfigs = defineApi(
  z.object({
    resources: list(
      z.object({ type: z.enum(['topic', 'broker']), name: text, names: z.optional(list(text)) }),
    ),
  }),
  z.object({
    resources: list(
      z.object({
        type: z.enum(['topic', 'broker']),
        name: text,
        ...failure,
        entries: list(
          z.object({
            name: text,
            value: text,
            source: z.enum(['topic', 'broker', 'default']),
            readOnly: z.optional(flag),
            documentation: z.optional(text),
          }),
        ),
      }),
    ),
  }),
);
