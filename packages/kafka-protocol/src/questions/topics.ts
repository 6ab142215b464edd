import { createTopics } from '../apis/19-create-topics.ts';
import { deleteTopics } from '../apis/20-delete-topics.ts';
import type { KafkaRequest } from '../schema/kafka-api.ts';
import { given, natural, numberOf, question } from './question.ts';

type NewTopic = KafkaRequest<typeof createTopics>['topics'][number];

/** Replicas by partition; a partition that is missing gets none, which the broker refuses. */
function assignmentOf({ replicaAssignment }: NewTopic): number[][] | undefined {
  if (replicaAssignment.length === 0) return undefined;
  const byPartition = new Map(replicaAssignment.map(({ partition, replicas }) => [partition, replicas]));
  return replicaAssignment.map((_, partition) => [...(byPartition.get(partition) ?? [])]);
}

export const createTopicsQuestion = question<typeof createTopics, 'createTopics'>({
  api: createTopics,
  asks: 'createTopics',
  ask: ({ topics, timeoutMs, validateOnly }) => ({
    timeoutMs: Math.max(0, timeoutMs),
    validateOnly,
    topics: topics.map((topic) => ({
      name: topic.topic,
      // 0 is passed on, to be refused with the reason.
      ...given('partitions', natural(topic.numPartitions)),
      ...given('replicas', natural(topic.replicationFactor)),
      ...given('assignment', assignmentOf(topic)),
      config: topic.configs.map(({ name, value }) => ({ name, value: value ?? '' })),
    })),
  }),
  fail: ({ topics }, failure) => ({ topics: topics.map(({ name }) => ({ name, ...failure })) }),
  answer: ({ topics }) => ({
    throttleTimeMs: 0,
    topics: topics.map(({ name, topicId, error, message, partitions }) => ({
      topic: name,
      topicId: topicId ?? '',
      errorCode: numberOf(error),
      errorMessage: message ?? null,
      numPartitions: partitions ?? -1,
      configs: [],
    })),
  }),
});

export const deleteTopicsQuestion = question<typeof deleteTopics, 'deleteTopics'>({
  api: deleteTopics,
  asks: 'deleteTopics',
  ask: ({ topics, topicNames, timeoutMs }) => ({
    timeoutMs: Math.max(0, timeoutMs),
    topics: [
      ...topicNames.map((name) => ({ name })),
      ...topics.map(({ topic, topicId }) => ({
        name: topic ?? '',
        ...given('topicId', topicId || undefined),
      })),
    ],
  }),
  fail: ({ topics }, failure) => ({ topics: topics.map(({ name }) => ({ name, ...failure })) }),
  answer: ({ topics }, request) => ({
    throttleTimeMs: 0,
    topics: topics.map(({ name, error, message }, place) => ({
      topic: name === '' ? null : name,
      topicId: request.topics[place]?.topicId ?? '',
      errorCode: numberOf(error),
      errorMessage: message ?? null,
    })),
  }),
});
