import * as z from 'zod/mini';
import { defineApi, failure, list, natural, text } from '../define-api.ts';

/**
 * Which broker coordinates each group, with its address behind the listener asked. COORDINATOR_NOT_AVAILABLE for a key
 * while its coordinator is down; INVALID_REQUEST for transactions while there are none.
 */
export const findCoordinator = defineApi(
  z.object({ kind: z.enum(['group', 'transaction']), keys: list(text) }),
  z.object({
    coordinators: list(
      z.object({
        key: text,
        ...failure,
        nodeId: z.optional(natural),
        host: z.optional(text),
        port: z.optional(natural),
      }),
    ),
  }),
);
