import type { ResponseOf } from '@millrace/protocol';
import { clientError } from './errors.ts';

type Metadata = ResponseOf<'metadata'>;
export type TopicMetadata = Metadata['topics'][number];

/** More than any cluster has; each may have to be tried. */
const maxBrokers = 10_000;

/**
 * What a broker says of its cluster, if it can be: every broker once, not more than 10,000, and of each topic the
 * partitions 0 to n - 1, each once; they are put in order. Only topics that were asked for count. INVALID_METADATA.
 */
export function checkMetadata(answer: Metadata, asked: readonly string[] | undefined): Metadata {
  if (answer.brokers.length > maxBrokers) throw impossible(`it has ${answer.brokers.length} brokers`);
  const nodeIds = new Set(answer.brokers.map(({ nodeId }) => nodeId));
  if (nodeIds.size !== answer.brokers.length) throw impossible('a broker is named twice');
  const expected = asked === undefined ? undefined : new Set(asked);
  const topics = answer.topics
    .filter(({ name }) => expected === undefined || expected.has(name))
    .map(inOrder);
  const named = new Set(topics.map(({ name }) => name));
  if (named.size !== topics.length) throw impossible('a topic is named twice');
  const missing = asked?.find((name) => !named.has(name));
  if (missing !== undefined) throw impossible(`it leaves out topic '${missing}'`);
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
