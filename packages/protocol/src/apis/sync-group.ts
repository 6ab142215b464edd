import * as z from 'zod/mini';
import { batchesIn, defineApi, failure, list, natural, text } from '../define-api.ts';

/**
 * The leader hands in who gets what, everybody asks what is theirs; answers once the leader has. A member that the
 * leader forgot gets no bytes. UNKNOWN_MEMBER_ID, ILLEGAL_GENERATION, REBALANCE_IN_PROGRESS, FENCED_INSTANCE_ID,
 * INCONSISTENT_GROUP_PROTOCOL when type or name, where given, are not the group's.
 */
export const syncGroup = defineApi(
  z.object({
    groupId: text,
    generation: natural,
    memberId: text,
    groupInstanceId: z.optional(text),
    protocolType: z.optional(text),
    protocolName: z.optional(text),
    assignments: list(z.object({ memberId: text, assignment: batchesIn })),
  }),
  z.object({
    ...failure,
    protocolType: z.optional(text),
    protocolName: z.optional(text),
    assignment: batchesIn,
  }),
);
