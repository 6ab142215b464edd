import * as z from 'zod/mini';
import { defineApi, failure, natural, text } from '../define-api.ts';

/** A session of the registry that this broker keeps. It ends when nothing was heard of it for `timeoutMs`. */
export const registrySession = defineApi(
  z.object({ timeoutMs: natural }),
  z.object({
    ...failure,
    /** Names the session in every call, and is known to nobody else. */
    session: z.optional(text),
    /** As the broker has it: within its bounds. */
    timeoutMs: z.optional(natural),
  }),
);
