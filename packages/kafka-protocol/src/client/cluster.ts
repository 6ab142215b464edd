import { apiError, errorCodeOf } from '@millrace/protocol';
import { metadata } from '../apis/03-metadata.ts';
import { createTopics } from '../apis/19-create-topics.ts';
import { deleteTopics } from '../apis/20-delete-topics.ts';
import { initProducerId } from '../apis/22-init-producer-id.ts';
import { describeConfigs } from '../apis/32-describe-configs.ts';
import { incrementalAlterConfigs } from '../apis/44-incremental-alter-configs.ts';
import { given, natural } from '../questions/question.ts';
import { pose } from './pose.ts';

const resourceTypes = { topic: 2, broker: 4 } as const;
const [set, remove] = [0, 1];
/** Of a producer without transactions nobody looks at it. */
const transactionTimeoutMs = 60_000;

export const metadataPose = pose<typeof metadata, 'metadata'>({
  api: metadata,
  version: 12,
  ask: ({ topics, topicIds, allowAutoCreate }) => ({
    topics:
      topics === undefined && topicIds === undefined
        ? null
        : [
            ...(topics ?? []).map((topic) => ({ topic })),
            ...(topicIds ?? []).map((topicId) => ({ topicId, topic: null })),
          ],
    allowAutoTopicCreation: allowAutoCreate ?? false,
  }),
  hear: ({ clusterId, controllerId, brokers, topics }) => ({
    clusterId: clusterId ?? '',
    ...given('controllerId', natural(controllerId)),
    brokers: brokers.map(({ nodeId, host, port }) => ({ nodeId, host, port })),
    topics: topics.map(({ errorCode, topic, topicId, partitions }) => ({
      name: topic ?? '',
      error: errorCodeOf(errorCode),
      ...given('topicId', topicId === '' ? undefined : topicId),
      partitions: partitions.map((one) => ({
        partition: one.partition,
        error: errorCodeOf(one.errorCode),
        ...given('leader', natural(one.leader)),
        ...given('leaderEpoch', natural(one.leaderEpoch)),
        replicas: [...one.replicas],
        inSyncReplicas: [...one.isr],
      })),
    })),
  }),
});

export const createTopicsPose = pose<typeof createTopics, 'createTopics'>({
  api: createTopics,
  version: 7,
  ask: ({ timeoutMs, topics, validateOnly }) => ({
    topics: topics.map(({ name, partitions, replicas, config, assignment }) => ({
      topic: name,
      numPartitions: assignment === undefined ? (partitions ?? -1) : -1,
      replicationFactor: assignment === undefined ? (replicas ?? -1) : -1,
      replicaAssignment: (assignment ?? []).map((ids, partition) => ({ partition, replicas: ids })),
      configs: config ?? [],
    })),
    timeoutMs,
    validateOnly: validateOnly ?? false,
  }),
  hear: ({ topics }) => ({
    topics: topics.map(({ topic, topicId, errorCode, errorMessage, numPartitions }) => ({
      name: topic,
      error: errorCodeOf(errorCode),
      ...given('message', errorMessage),
      ...given('topicId', topicId === '' ? undefined : topicId),
      ...given('partitions', natural(numPartitions)),
    })),
  }),
});

export const deleteTopicsPose = pose<typeof deleteTopics, 'deleteTopics'>({
  api: deleteTopics,
  version: 6,
  ask: ({ timeoutMs, topics }) => ({
    topics: topics.map(({ name, topicId }) => ({
      topic: name === '' ? null : name,
      topicId: name === '' ? (topicId ?? '') : '',
    })),
    topicNames: [],
    timeoutMs,
  }),
  hear: ({ topics }) => ({
    topics: topics.map(({ topic, errorCode, errorMessage }) => ({
      name: topic ?? '',
      error: errorCodeOf(errorCode),
      ...given('message', errorMessage),
    })),
  }),
});

export const initProducerIdPose = pose<typeof initProducerId, 'initProducerId'>({
  api: initProducerId,
  version: 4,
  ask: ({ transactionalId, producerId, producerEpoch }) => ({
    transactionalId: transactionalId ?? null,
    transactionTimeoutMs,
    producerId: producerId ?? -1,
    producerEpoch: producerEpoch ?? -1,
  }),
  hear: ({ errorCode, producerId, producerEpoch }) => ({
    error: errorCodeOf(errorCode),
    ...given('producerId', natural(producerId)),
    ...given('producerEpoch', natural(producerEpoch)),
  }),
});

export const describeConfigsPose = pose<typeof describeConfigs, 'describeConfigs'>({
  api: describeConfigs,
  version: 4,
  ask: ({ resources }) => ({
    resources: resources.map(({ type, name, names }) => ({
      resourceType: resourceTypes[type],
      resourceName: name,
      configNames: names ?? null,
    })),
    includeSynonyms: false,
    includeDocumentation: false,
  }),
  hear: ({ resources }) => ({
    resources: resources.map(({ resourceType, resourceName, errorCode, errorMessage, configs }) => ({
      type: typeOf(resourceType),
      name: resourceName,
      error: errorCodeOf(errorCode),
      ...given('message', errorMessage),
      entries: configs.map(({ name, value, source, readOnly }) => ({
        name,
        value: value ?? '',
        source: source === 1 ? 'topic' : source === 5 ? 'default' : 'broker',
        readOnly,
      })),
    })),
  }),
});

export const alterConfigsPose = pose<typeof incrementalAlterConfigs, 'alterConfigs'>({
  api: incrementalAlterConfigs,
  version: 1,
  ask: ({ resources, validateOnly }) => ({
    resources: resources.map(({ type, name, changes }) => ({
      resourceType: resourceTypes[type],
      resourceName: name,
      configs: changes.map((change) => ({
        name: change.name,
        op: change.value === undefined ? remove : set,
        value: change.value ?? null,
      })),
    })),
    validateOnly: validateOnly ?? false,
  }),
  hear: ({ resources }) => ({
    resources: resources.map(({ resourceType, resourceName, errorCode, errorMessage }) => ({
      type: typeOf(resourceType),
      name: resourceName,
      error: errorCodeOf(errorCode),
      ...given('message', errorMessage),
    })),
  }),
});

function typeOf(resourceType: number): 'topic' | 'broker' {
  if (resourceType === resourceTypes.topic) return 'topic';
  if (resourceType === resourceTypes.broker) return 'broker';
  throw apiError('CORRUPT_MESSAGE', `the broker told of a resource of the type ${resourceType}`);
}
