import type { Assignor, TopicPartition } from '../groups.ts';
import { partitionsByTopic } from './partitions-in-order.ts';

/**
 * Deals the partitions of all topics, in order, to the members by id, round and round; who did not subscribe to a topic
 * is passed over. Members that subscribe to the same get as many as the others, or one more, over all topics together.
 */
export const roundRobinAssignor: Assignor = (members, partitions) => {
  const assignment = new Map<string, TopicPartition[]>(members.map(({ id }) => [id, []]));
  const round = members
    .map(({ id, topics }) => ({ id, topics: new Set(topics) }))
    .sort((one, other) => (one.id < other.id ? -1 : 1));
  let turn = 0;
  for (const [topic, ofTopic] of partitionsByTopic(partitions)) {
    if (!round.some(({ topics }) => topics.has(topic))) continue;
    for (const partition of ofTopic) {
      while (round[turn % round.length]?.topics.has(topic) !== true) turn += 1;
      assignment.get(round[turn % round.length]?.id ?? '')?.push(partition);
      turn += 1;
    }
  }
  return assignment;
};
