import type { ErrorCode, RequestOf } from '@millrace/protocol';
import type { GroupLimits } from './limits.ts';
import type { Member } from './member.ts';
import { commonProtocols } from './protocol-choice.ts';

type Join = RequestOf<'joinGroup'>;

interface Refusal {
  readonly error: ErrorCode;
  readonly message?: string;
}

/** What a group is to those who want something of it. */
interface AskedGroup {
  readonly groupId: string;
  readonly state: string;
  readonly protocolType: string;
  readonly protocolName: string;
  readonly members: readonly Member[];
  readonly promisedIds: number;
}

/** Why nobody may join so, whoever it is; undefined when one may. */
export function refusalOfJoin(request: Join, group: AskedGroup, limits: GroupLimits): Refusal | undefined {
  const { memberId, groupInstanceId, protocolType, protocols } = request;
  const { groupId, members, promisedIds } = group;
  const { maxMembers, maxMetadataBytes } = limits;
  if (protocolType === '' || protocols.length === 0)
    return inconsistent('a member names a protocol type and at least one protocol');
  if (!isCompatible(request, group))
    return inconsistent(
      `group '${groupId}' has type '${group.protocolType}' and supports ${commonProtocols(members).join(', ')}`,
    );
  const isBack =
    groupInstanceId !== undefined && members.some(({ instanceId }) => instanceId === groupInstanceId);
  if (memberId === '' && !isBack && members.length + promisedIds >= maxMembers)
    return {
      error: 'GROUP_MAX_SIZE_REACHED',
      message: `group '${groupId}' has ${maxMembers} members, and takes no more`,
    };
  const bytes = protocols.reduce((sum, { metadata }) => sum + metadata.length, 0);
  if (bytes > maxMetadataBytes)
    return {
      error: 'INVALID_REQUEST',
      message: `a member says ${bytes} bytes of itself, the limit is ${maxMetadataBytes}`,
    };
  return undefined;
}

/** Whether the member supports something that all others do; it itself may change what it supports. */
function isCompatible({ memberId, protocolType, protocols }: Join, group: AskedGroup): boolean {
  const others = group.members.filter((member) => member.memberId !== memberId);
  if (others.length === 0) return true;
  if (protocolType !== group.protocolType) return false;
  return commonProtocols([{ protocols }, ...others]).length > 0;
}

/** Why a member of this generation may not ask for its share now, or so. */
export function refusalOfSync(
  { protocolType, protocolName }: RequestOf<'syncGroup'>,
  group: AskedGroup,
): Refusal | undefined {
  if (group.state === 'preparingRebalance') return { error: 'REBALANCE_IN_PROGRESS' };
  const isAgreed =
    (protocolType === undefined || protocolType === group.protocolType) &&
    (protocolName === undefined || protocolName === group.protocolName);
  if (isAgreed) return undefined;
  return inconsistent(`group '${group.groupId}' has agreed upon ${group.protocolType}/${group.protocolName}`);
}

function inconsistent(message: string): Refusal {
  return { error: 'INCONSISTENT_GROUP_PROTOCOL', message };
}
