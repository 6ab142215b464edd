import type { BrokerApi, RequestOf, ResponseOf } from '@millrace/protocol';
import type { CommittedOffset } from '../committed-offsets.ts';
import { failureFrom } from '../failure.ts';
import type { Group } from '../group-shard.ts';
import type { Shards } from '../shards.ts';

type Wanted = RequestOf<'offsetFetch'>['groups'][number];
type Answer = ResponseOf<'offsetFetch'>['groups'][number];

/** Nothing that a group has committed is no error: no offset. There are no transactions that could still move one. */
export function offsetFetch(shards: Shards): BrokerApi['offsetFetch'] {
  const answer = async ({ groupId, partitions }: Wanted): Promise<Answer> => {
    try {
      const group = (await shards.of(groupId)).find(groupId);
      return { groupId, error: 'NONE', partitions: found(group, partitions) };
    } catch (error) {
      return { groupId, ...failureFrom(error), partitions: [] };
    }
  };
  return async ({ groups }) => {
    const seen = new Set<string>();
    const answers = groups.map((wanted) => {
      if (seen.has(wanted.groupId)) return Promise.resolve(namedTwice(wanted));
      seen.add(wanted.groupId);
      return answer(wanted);
    });
    return { groups: await Promise.all(answers) };
  };
}

/** A few bytes more must not cost everything that a group has committed. */
function namedTwice({ groupId }: Wanted): Answer {
  return { groupId, error: 'INVALID_REQUEST', message: `group '${groupId}' is named twice`, partitions: [] };
}

function found(group: Group | undefined, wanted: Wanted['partitions']): Answer['partitions'] {
  if (wanted === undefined)
    return (group?.offsets.all() ?? []).map(({ topic, partition, committed }) => ({
      topic,
      partition,
      ...told(committed),
    }));
  return wanted.map(({ topic, partition }) => ({
    topic,
    partition,
    ...told(group?.offsets.get(topic, partition)),
  }));
}

function told(committed: CommittedOffset | undefined) {
  if (committed === undefined) return { error: 'NONE' as const };
  const { offset, leaderEpoch, note: metadata } = committed;
  return { error: 'NONE' as const, offset, metadata, ...(leaderEpoch === undefined ? {} : { leaderEpoch }) };
}
