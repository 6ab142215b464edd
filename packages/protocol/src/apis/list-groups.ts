import * as z from 'zod/mini';
import { defineApi, failure, groupKind, groupState, list, text } from '../define-api.ts';

/** The groups that this broker coordinates; in the states and of the kinds named, or all. */
export const listGroups = defineApi(
  z.object({ states: z.optional(list(groupState)), kinds: z.optional(list(groupKind)) }),
  z.object({
    ...failure,
    groups: list(z.object({ groupId: text, protocolType: text, state: groupState, kind: groupKind })),
  }),
);
