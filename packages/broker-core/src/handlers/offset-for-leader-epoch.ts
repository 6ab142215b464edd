import type { RequestOf, ResponseOf } from '@millrace/protocol';
import type { PartitionTable } from '../partition-table.ts';
import { checkLeaderEpoch } from './leader-epoch.ts';

type PartitionRequest = RequestOf<'offsetForLeaderEpoch'>['partitions'][number];
type PartitionAnswer = ResponseOf<'offsetForLeaderEpoch'>['partitions'][number];

/** Where the records of a leader epoch end; nothing for an epoch older than all that the log knows. */
export function offsetForLeaderEpochHandler(table: PartitionTable) {
  return ({ partitions }: RequestOf<'offsetForLeaderEpoch'>): Promise<ResponseOf<'offsetForLeaderEpoch'>> =>
    Promise.resolve({ partitions: partitions.map((wanted) => answer(table, wanted)) });
}

function answer(table: PartitionTable, wanted: PartitionRequest): PartitionAnswer {
  const { topic, partition: index, topicId, leaderEpoch, currentLeaderEpoch } = wanted;
  const partition = table.find(topic, index, topicId);
  if (partition === undefined) {
    return { topic, partition: index, ...table.refusal(topic, index, topicId) };
  }
  const named = { topic: partition.topic, partition: index };
  const wrongEpoch = checkLeaderEpoch(partition, currentLeaderEpoch);
  if (wrongEpoch !== undefined) return { ...named, ...wrongEpoch };
  return { ...named, error: 'NONE', ...partition.endOffsetForEpoch(leaderEpoch) };
}
