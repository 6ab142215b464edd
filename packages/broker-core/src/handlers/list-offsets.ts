import type { RequestOf, ResponseOf } from '@millrace/protocol';
import { apiError, failureFrom } from '../errors.ts';
import type { Partition } from '../partition.ts';
import type { PartitionTable } from '../partition-table.ts';
import { checkLeaderEpoch } from './leader-epoch.ts';

type PartitionRequest = RequestOf<'listOffsets'>['partitions'][number];
type PartitionAnswer = ResponseOf<'listOffsets'>['partitions'][number];

/** Of one question: each looks into files, and one question may name very many partitions. */
const searchesAtOnce = 8;

/** "The latest" is the high watermark once everything appended before the question is safe. */
export function listOffsetsHandler(table: PartitionTable) {
  return async ({ partitions }: RequestOf<'listOffsets'>): Promise<ResponseOf<'listOffsets'>> => {
    const answers: PartitionAnswer[] = [];
    const find = async ([place, wanted]: readonly [number, PartitionRequest]): Promise<void> => {
      answers[place] = await answer(table, wanted);
    };
    const places = [...partitions.entries()];
    const searches = places.filter(([, { at }]) => at === 'timestamp')[Symbol.iterator]();
    const lane = async (): Promise<void> => {
      for (const search of searches) await find(search);
    };
    await Promise.all([
      ...places.filter(([, { at }]) => at !== 'timestamp').map(find),
      ...Array.from({ length: searchesAtOnce }, lane),
    ]);
    return { partitions: answers };
  };
}

async function answer(table: PartitionTable, wanted: PartitionRequest): Promise<PartitionAnswer> {
  const { topic, partition: index, topicId } = wanted;
  const partition = table.find(topic, index, topicId);
  if (partition === undefined) {
    return { topic, partition: index, ...table.refusal(topic, index, topicId) };
  }
  const named = { topic: partition.topic, partition: index };
  const wrongEpoch = checkLeaderEpoch(partition, wanted.currentLeaderEpoch);
  if (wrongEpoch !== undefined) return { ...named, ...wrongEpoch };
  try {
    return { ...named, error: 'NONE', ...(await find(partition, wanted)) };
  } catch (error) {
    return { ...named, ...failureFrom(error) };
  }
}

async function find(
  partition: Partition,
  { at, timestamp }: PartitionRequest,
): Promise<{ offset?: number; timestamp?: number; leaderEpoch?: number }> {
  switch (at) {
    case 'earliest':
      return { offset: partition.logStartOffset };
    case 'latest':
      await partition.settle();
      return { offset: partition.highWatermark, leaderEpoch: partition.leaderEpoch };
    case 'timestamp': {
      if (timestamp === undefined)
        throw apiError('INVALID_REQUEST', 'an offset by timestamp needs a timestamp');
      await partition.settle();
      return (await partition.offsetForTimestamp(timestamp)) ?? {};
    }
  }
}
