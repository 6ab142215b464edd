import type { BrokerApi, RequestOf, ResponseOf } from '@millrace/protocol';
import type { PartitionOffset } from '../committed-offsets.ts';
import { type Failure, failureFrom } from '../failure.ts';
import type { Group } from '../group-shard.ts';
import type { Shards } from '../shards.ts';
import { unknownMember } from '../unknown-member.ts';

type Request = RequestOf<'offsetCommit'>;
type Answer = ResponseOf<'offsetCommit'>['partitions'][number];

export function offsetCommit(shards: Shards): BrokerApi['offsetCommit'] {
  return async (request) => {
    const { groupId, partitions } = request;
    const all = (failure: Failure) => ({
      partitions: partitions.map(({ topic, partition }) => ({ topic, partition, ...failure })),
    });
    try {
      const shard = await shards.of(groupId);
      const refusal = refusalOf(request, shard.find(groupId));
      if (refusal !== undefined) return all(refusal);
      const answers = partitions.map((wanted) => checked(wanted, shards.limits.maxNoteBytes));
      const committedAt = shards.world.clock.now();
      const taken = partitions.filter((_, at) => answers[at]?.error === 'NONE');
      const group = await shard.open(groupId);
      group.members.touch(request.memberId);
      if (taken.length > 0)
        await shard.commit(
          group,
          taken.map((one) => offsetOf(one, committedAt)),
        );
      return { partitions: answers };
    } catch (error) {
      return all(failureFrom(error));
    }
  };
}

/** From outside a group it is taken while the group has no members; from a member in its generation. */
function refusalOf(request: Request, group: Group | undefined): Failure | undefined {
  const { generation, memberId, groupId } = request;
  const members = group?.members;
  const isFromOutside = generation === undefined && memberId === '';
  if (isFromOutside && (members === undefined || members.state === 'empty')) return undefined;
  if (members === undefined || isFromOutside) {
    if (members === undefined && generation !== undefined)
      return { error: 'ILLEGAL_GENERATION', message: `group '${groupId}' has no generation ${generation}` };
    return unknownMember(request);
  }
  const refusal = members.refusalOf(request);
  if (refusal !== undefined) return refusal;
  if (members.state !== 'completingRebalance') return undefined;
  return { error: 'REBALANCE_IN_PROGRESS', message: `group '${groupId}' shares out its partitions anew` };
}

function checked(
  { topic, partition, metadata = '' }: Request['partitions'][number],
  maxNoteBytes: number,
): Answer {
  const size = Buffer.byteLength(metadata);
  if (size <= maxNoteBytes) return { topic, partition, error: 'NONE' };
  const message = `a note of ${size} bytes is over the limit of ${maxNoteBytes}`;
  return { topic, partition, error: 'OFFSET_METADATA_TOO_LARGE', message };
}

function offsetOf(
  { topic, partition, offset, leaderEpoch, metadata = '' }: Request['partitions'][number],
  committedAt: number,
): PartitionOffset {
  return { topic, partition, committed: { offset, leaderEpoch, note: metadata, committedAt } };
}
