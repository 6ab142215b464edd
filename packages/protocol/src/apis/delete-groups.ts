import * as z from 'zod/mini';
import { defineApi, failure, list, text } from '../define-api.ts';

/** Forgets groups and their offsets. NON_EMPTY_GROUP while there are members, GROUP_ID_NOT_FOUND. */
export const deleteGroups = defineApi(
  z.object({ groups: list(text) }),
  z.object({ groups: list(z.object({ groupId: text, ...failure })) }),
);
