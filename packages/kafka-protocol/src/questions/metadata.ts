import { metadata } from '../apis/03-metadata.ts';
import { given, numberOf, question } from './question.ts';

/** Clients hide these from their users; no other topic may be marked so. */
const internalTopics: ReadonlySet<string> = new Set(['__consumer_offsets', '__transaction_state']);

/** Clients send what is to be decided to the controller, and wait for one that they can reach: any broker does here. */
export function controllerAmong(
  brokers: readonly { readonly nodeId: number }[],
  controllerId: number | undefined,
): number {
  if (controllerId !== undefined && brokers.some(({ nodeId }) => nodeId === controllerId))
    return controllerId;
  return brokers[0]?.nodeId ?? -1;
}

export const metadataQuestion = question<typeof metadata, 'metadata'>({
  api: metadata,
  asks: 'metadata',
  ask: ({ topics, allowAutoTopicCreation }, version) => {
    // Version 0 has no null: nothing named is everything.
    const named = version === 0 && topics?.length === 0 ? null : topics;
    const names = named?.flatMap(({ topic }) => topic ?? []);
    const ids = named?.flatMap(({ topic, topicId }) => (topic === null ? topicId : []));
    return {
      ...given('topics', names),
      ...given('topicIds', ids?.length === 0 ? undefined : ids),
      allowAutoCreate: allowAutoTopicCreation,
    };
  },
  fail: ({ topics = [] }, failure) => ({
    clusterId: '',
    brokers: [],
    topics: topics.map((name) => ({ name, ...failure, partitions: [] })),
  }),
  answer: ({ clusterId, controllerId, brokers, topics }) => ({
    brokers: brokers.map(({ nodeId, host, port }) => ({ nodeId, host, port, rack: null })),
    clusterId,
    controllerId: controllerAmong(brokers, controllerId),
    topics: topics.map(({ name, topicId, error, partitions }) => ({
      errorCode: numberOf(error),
      topic: name === '' ? null : name,
      topicId: topicId ?? '',
      isInternal: internalTopics.has(name),
      partitions: partitions.map(
        ({ partition, error: reason, leader, leaderEpoch, replicas, inSyncReplicas }) => ({
          errorCode: numberOf(reason),
          partition,
          leader: leader ?? -1,
          leaderEpoch: leaderEpoch ?? -1,
          replicas,
          isr: inSyncReplicas,
        }),
      ),
    })),
  }),
});
