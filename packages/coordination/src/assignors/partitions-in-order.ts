import type { TopicPartition } from '../groups.ts';

/** Topics by name, the partitions of each by number: the order that all assignors go by, whatever order they are asked in. */
export function partitionsByTopic(partitions: readonly TopicPartition[]): [string, TopicPartition[]][] {
  const byTopic = new Map<string, TopicPartition[]>();
  for (const partition of partitions) {
    const ofTopic = byTopic.get(partition.topic);
    if (ofTopic === undefined) byTopic.set(partition.topic, [partition]);
    else ofTopic.push(partition);
  }
  for (const ofTopic of byTopic.values()) ofTopic.sort((a, b) => a.partition - b.partition);
  return [...byTopic].sort(([a], [b]) => (a < b ? -1 : 1));
}
