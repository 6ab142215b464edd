import type { Assignor, TopicPartition } from '../groups.ts';
import { partitionsByTopic } from './partitions-in-order.ts';

/**
 * Kafka's default: topic by topic, the partitions in order are cut into as many runs as the topic has subscribers,
 * and the first subscribers, by id, get the one more that is left over. Topics of equal shape are thus cut alike, so
 * equal partitions of them meet in one member.
 */
export const rangeAssignor: Assignor = (members, partitions) => {
  const assignment = new Map<string, TopicPartition[]>(members.map(({ id }) => [id, []]));
  for (const [topic, ofTopic] of partitionsByTopic(partitions)) {
    const subscribers = members.filter(({ topics }) => topics.includes(topic)).map(({ id }) => id);
    subscribers.sort();
    const each = Math.floor(ofTopic.length / subscribers.length);
    const leftOver = ofTopic.length % subscribers.length;
    for (const [index, id] of subscribers.entries()) {
      const start = index * each + Math.min(index, leftOver);
      const run = ofTopic.slice(start, start + each + (index < leftOver ? 1 : 0));
      assignment.get(id)?.push(...run);
    }
  }
  return assignment;
};
