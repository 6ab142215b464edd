import type { ResponseOf } from '@millrace/protocol';
import { clientError } from './errors.ts';

type Metadata = ResponseOf<'metadata'>;
export type TopicMetadata = Metadata['topics'][number];

/**
 * What a broker says of its cluster, if it can be: every broker once, and of each topic the partitions 0 to n - 1, each
 * once; they are put in order. Only topics that were asked for count. INVALID_METADATA.
 */
export function checkMetadata(answer: Metadata, asked: readonly string[] | undefined): Metadata {
  const nodeIds = new Set(answer.brokers.map(({ nodeId }) => nodeId));
  if (nodeIds.size !== answer.brokers.length) throw impossible('a broker is named twice');
  const expected = asked === undefined ? undefined : new Set(asked);
  const topics = answer.topics
    .filter(({ name }) => expected === undefined || expected.has(name))
    .map(inOrder);
  if (new Set(topics.map(({ name }) => name)).size !== topics.length)
    throw impossible('a topic is named twice');
  for (const name of asked ?? []) {
    if (!topics.some((topic) => topic.name === name)) throw impossible(`it leaves out topic '${name}'`);
  }
  return { ...answer, topics };
}

function inOrder(topic: TopicMetadata): TopicMetadata {
  const partitions = topic.partitions.toSorted((a, b) => a.partition - b.partition);
  const wrong = partitions.findIndex(({ partition }, place) => partition !== place);
  if (wrong !== -1)
    throw impossible(`topic '${topic.name}' has ${partitions.length} partitions, but not number ${wrong}`);
  if (topic.error === 'NONE' && partitions.length === 0)
    throw impossible(`topic '${topic.name}' has no partitions`);
  return { ...topic, partitions };
}

function impossible(what: string): Error {
  return clientError('INVALID_METADATA', `a broker describes a cluster that cannot be: ${what}`);
}
