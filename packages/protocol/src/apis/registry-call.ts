import * as z from 'zod/mini';
import { batchesIn, batchesOut, defineApi, flag, list, natural, text } from '../define-api.ts';

/** How a call to the registry came out: the codes of `RegistryErrorCode` that can travel. */
export const registryOutcome = z.enum([
  'DONE',
  'SESSION_EXPIRED',
  'NODE_EXISTS',
  'NODE_MISSING',
  'VERSION_MISMATCH',
  'NOT_EMPTY',
  'INVALID_PATH',
  'OUTCOME_UNKNOWN',
  'VALUE_TOO_LARGE',
]);

/**
 * One call in a session. Calls of a session take effect in the order in which they come. `attachment` grows with every
 * connection that the client opens for the session: what still comes over an older one is refused (OUTCOME_UNKNOWN), so
 * that a read after a lost answer is decisive.
 */
export const registryCall = defineApi(
  z.object({
    session: text,
    attachment: natural,
    operation: z.enum(['create', 'get', 'set', 'delete', 'children', 'watch', 'unwatch', 'close']),
    path: text,
    /** What `set` and `delete` expect; without one `delete` takes any. */
    version: z.optional(natural),
    ephemeral: z.optional(flag),
    /** The value that `create` and `set` write; else empty. */
    data: batchesIn,
  }),
  z.object({
    outcome: registryOutcome,
    message: z.optional(text),
    /** Of the node made or read, or after `set`; without one `get` found nothing. */
    version: z.optional(natural),
    created: z.optional(natural),
    owned: z.optional(flag),
    names: z.optional(list(text)),
    /** The value read; else empty. */
    data: batchesOut,
  }),
);
