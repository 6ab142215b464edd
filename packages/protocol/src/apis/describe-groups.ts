import * as z from 'zod/mini';
import { batchesIn, defineApi, failure, groupState, list, text } from '../define-api.ts';

/** Groups with their members; GROUP_ID_NOT_FOUND (state `dead`) for one that is not there. Bytes are there when the group is stable. */
export const describeGroups = defineApi(
  z.object({ groups: list(text) }),
  z.object({
    groups: list(
      z.object({
        groupId: text,
        ...failure,
        state: groupState,
        protocolType: text,
        /** The assignor all members agreed upon. */
        protocolName: text,
        members: list(
          z.object({
            memberId: text,
            groupInstanceId: z.optional(text),
            clientId: text,
            clientHost: text,
            metadata: batchesIn,
            assignment: batchesIn,
          }),
        ),
      }),
    ),
  }),
);
