import { distance } from 'fastest-levenshtein';

/** At most three of `topics` that somebody who wrote `name` may have meant, the closest first. */
export function closestTopics(name: string, topics: readonly string[]): string[] {
  const farthest = Math.max(2, Math.floor(name.length / 3));
  const wanted = name.toLowerCase();
  return topics
    .map((topic) => ({ topic, edits: distance(wanted, topic.toLowerCase()) }))
    .filter(({ topic, edits }) => edits <= farthest || topic.toLowerCase().startsWith(wanted))
    .sort((a, b) => a.edits - b.edits || (a.topic < b.topic ? -1 : 1))
    .slice(0, 3)
    .map(({ topic }) => topic);
}

/** What to do when there is no topic `name`, but these. */
export function unknownTopicHint(name: string, topics: readonly string[]): string {
  const closest = closestTopics(name, topics).map((topic) => `'${topic}'`);
  const last = closest.pop();
  if (last !== undefined)
    return `did you mean ${closest.length === 0 ? last : `${closest.join(', ')} or ${last}`}?`;
  return topics.length === 0
    ? 'there are no topics yet: create it first'
    : 'no topic has a name like it: create it first';
}
