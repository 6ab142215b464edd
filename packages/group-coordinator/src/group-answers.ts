import type { ErrorCode, ResponseOf } from '@millrace/protocol';
import type { Member } from './member.ts';

type JoinAnswer = ResponseOf<'joinGroup'>;
type SyncAnswer = ResponseOf<'syncGroup'>;

/** What answers tell of a group. */
interface AnsweringGroup {
  readonly generation: number;
  readonly protocolType: string;
  readonly protocolName: string;
  readonly leader: string | undefined;
  readonly members: readonly Member[];
}

export function notJoined(
  memberId: string,
  refusal: { readonly error: ErrorCode; readonly message?: string },
): JoinAnswer {
  return { ...refusal, memberId, members: [] };
}

/** The leader alone hears of the others: it is to assign. */
export function joinAnswer(group: AnsweringGroup, { memberId }: Member): JoinAnswer {
  const { generation, protocolType, protocolName, leader = '', members } = group;
  const heard = memberId === leader ? members : [];
  return {
    error: 'NONE',
    memberId,
    generation,
    protocolType,
    protocolName,
    leader,
    members: heard.map((one) => ({
      memberId: one.memberId,
      ...(one.instanceId === undefined ? {} : { groupInstanceId: one.instanceId }),
      metadata: one.metadataFor(protocolName),
    })),
  };
}

export function shareAnswer(
  { protocolType, protocolName }: AnsweringGroup,
  { assignment }: Member,
): SyncAnswer {
  return { error: 'NONE', protocolType, protocolName, assignment };
}
