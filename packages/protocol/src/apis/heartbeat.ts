import * as z from 'zod/mini';
import { defineApi, failure, natural, text } from '../define-api.ts';

/** The member lives. REBALANCE_IN_PROGRESS: join again; UNKNOWN_MEMBER_ID, ILLEGAL_GENERATION, FENCED_INSTANCE_ID. */
export const heartbeat = defineApi(
  z.object({
    groupId: text,
    generation: natural,
    memberId: text,
    groupInstanceId: z.optional(text),
  }),
  z.object({ ...failure }),
);
