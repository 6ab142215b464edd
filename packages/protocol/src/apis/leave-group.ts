import * as z from 'zod/mini';
import { defineApi, failure, list, text } from '../define-api.ts';

/** Members leave at once; a static one may be named by its instance alone (an empty `memberId`). UNKNOWN_MEMBER_ID, FENCED_INSTANCE_ID per member. */
export const leaveGroup = defineApi(
  z.object({
    groupId: text,
    members: list(z.object({ memberId: text, groupInstanceId: z.optional(text), reason: z.optional(text) })),
  }),
  z.object({
    ...failure,
    members: list(z.object({ memberId: text, groupInstanceId: z.optional(text), ...failure })),
  }),
);
