import type { Failure } from './failure.ts';

/** Of a group that is not there, or not any more. */
export function unknownMember({ groupId, memberId }: { groupId: string; memberId: string }): Failure {
  return { error: 'UNKNOWN_MEMBER_ID', message: `group '${groupId}' has no member '${memberId}'` };
}
