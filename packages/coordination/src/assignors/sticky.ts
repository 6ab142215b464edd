import type { Assignor } from '../groups.ts';
import { partitionsByTopic } from './partitions-in-order.ts';
import { Shares } from './shares.ts';

/**
 * Members keep what they had as far as that leaves the group in balance. What nobody has goes to whoever has least; then
 * partitions move, one at a time, to members that have two fewer, until there is none left. Members that subscribe to
 * the same have as many as the others, or one more, and no partition moves that need not. Where subscriptions differ it
 * goes on over several hands: one gives to another that passes on what only it can give, as long as that evens things out.
 *
 * Each move makes the sum of the squares of what members have smaller, so it ends; and what it answers is left as it is
 * when it is asked again.
 */
export const stickyAssignor: Assignor = (members, partitions, previous) => {
  const topics = partitionsByTopic(partitions);
  const shares = new Shares(members, topics);
  const owned = new Set<string>();
  for (const [id, had] of previous) {
    for (const { topic, partition } of had) {
      const name = `${topic}-${partition}`;
      // Should two have had it, the first keeps it.
      if (!owned.has(name) && shares.keep(id, topic, partition)) owned.add(name);
    }
  }
  // Who can be had by few comes first: the others can still be put anywhere.
  const free = topics.map(([topic, ofTopic]) => ({
    topic,
    numbers: ofTopic.map(({ partition }) => partition).filter((number) => !owned.has(`${topic}-${number}`)),
  }));
  free.sort((one, other) => shares.subscribersOf(one.topic) - shares.subscribersOf(other.topic));
  for (const { topic, numbers } of free) for (const number of numbers) shares.give(topic, number);
  shares.balance();
  return shares.assignment();
};
