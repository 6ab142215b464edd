import type { RequestOf, ResponseOf } from '@millrace/protocol';
import { failureFrom } from '../errors.ts';
import type { TopicCreator, TopicWish } from '../topic-creator.ts';

type TopicRequest = RequestOf<'createTopics'>['topics'][number];
type TopicAnswer = ResponseOf<'createTopics'>['topics'][number];

/** Topics are made side by side and fail on their own. */
export function createTopicsHandler(
  creator: TopicCreator,
  defaults: { readonly partitions: number; readonly replicas: number },
) {
  return async ({
    topics,
    timeoutMs,
    validateOnly,
  }: RequestOf<'createTopics'>): Promise<ResponseOf<'createTopics'>> => ({
    topics: await Promise.all(
      topics.map((topic) => answer(creator, wishOf(topic, defaults), timeoutMs, validateOnly === true)),
    ),
  });
}

async function answer(
  creator: TopicCreator,
  wish: TopicWish,
  timeoutMs: number,
  validateOnly: boolean,
): Promise<TopicAnswer> {
  const { name } = wish;
  try {
    if (validateOnly) return { name, error: 'NONE', partitions: creator.plan(wish).length };
    return { name, error: 'NONE', ...(await creator.create(wish, timeoutMs)) };
  } catch (error) {
    return { name, ...failureFrom(error) };
  }
}

function wishOf(
  { name, partitions, replicas, config, assignment }: TopicRequest,
  defaults: { readonly partitions: number; readonly replicas: number },
): TopicWish {
  return {
    name,
    partitions: partitions ?? defaults.partitions,
    replicas: replicas ?? defaults.replicas,
    config: Object.fromEntries((config ?? []).map((entry) => [entry.name, entry.value])),
    assignment,
  };
}
