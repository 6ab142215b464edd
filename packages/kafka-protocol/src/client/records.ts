import { errorCodeOf } from '@millrace/protocol';
import { produce } from '../apis/00-produce.ts';
import { fetch } from '../apis/01-fetch.ts';
import { listOffsets } from '../apis/02-list-offsets.ts';
import { given, natural } from '../questions/question.ts';
import { byTopic, inOrder, pose } from './pose.ts';

const acksNumber = { none: 0, leader: 1, all: -1 } as const;
const timestamps = { latest: -1, earliest: -2 } as const;
const noRecords = Buffer.alloc(0);

export const producePose = pose<typeof produce, 'produce'>({
  api: produce,
  version: 9,
  ask: ({ acks, timeoutMs, partitions, transactionalId }) => ({
    transactionalId: transactionalId ?? null,
    acks: acksNumber[acks],
    timeoutMs,
    topics: byTopic(partitions, ({ partition, batches }) => ({ index: partition, records: batches })).map(
      ({ topic, partitions: items }) => ({ name: topic, partitions: items }),
    ),
  }),
  hear: ({ responses }, { partitions }) => {
    const topics = responses.map(({ name, partitions: items }) => ({ topic: name, partitions: items }));
    return {
      partitions: inOrder(partitions, topics, ({ index }) => index).map((answer, at) => ({
        topic: partitions[at]?.topic ?? '',
        partition: answer.index,
        error: errorCodeOf(answer.errorCode),
        ...given('message', answer.errorMessage),
        ...given('baseOffset', natural(answer.baseOffset)),
        ...given('logStartOffset', natural(answer.logStartOffset)),
        ...given('logAppendTime', natural(answer.logAppendTimeMs)),
      })),
    };
  },
});

export const fetchPose = pose<typeof fetch, 'fetch'>({
  api: fetch,
  version: 12,
  ask: ({ maxWaitMs, minBytes, maxBytes, partitions, isolation }) => ({
    maxWaitMs,
    minBytes,
    maxBytes,
    isolationLevel: isolation === 'readCommitted' ? 1 : 0,
    topics: byTopic(partitions, (asked) => ({
      partition: asked.partition,
      currentLeaderEpoch: asked.currentLeaderEpoch ?? -1,
      fetchOffset: asked.fetchOffset,
      partitionMaxBytes: asked.maxBytes,
    })),
    forgottenTopics: [],
  }),
  hear: ({ topics }, { partitions }) => ({
    partitions: inOrder(partitions, topics, ({ partition }) => partition).map((answer, at) => ({
      topic: partitions[at]?.topic ?? '',
      partition: answer.partition,
      error: errorCodeOf(answer.errorCode),
      batches: answer.records ?? noRecords,
      ...given('highWatermark', natural(answer.highWatermark)),
      ...given('logStartOffset', natural(answer.logStartOffset)),
    })),
  }),
});

export const listOffsetsPose = pose<typeof listOffsets, 'listOffsets'>({
  api: listOffsets,
  version: 7,
  ask: ({ partitions, isolation }) => ({
    replicaId: -1,
    isolationLevel: isolation === 'readCommitted' ? 1 : 0,
    topics: byTopic(partitions, ({ partition, at, timestamp, currentLeaderEpoch }) => ({
      partition,
      currentLeaderEpoch: currentLeaderEpoch ?? -1,
      timestamp: at === 'timestamp' ? (timestamp ?? 0) : timestamps[at],
    })),
  }),
  hear: ({ topics }, { partitions }) => ({
    partitions: inOrder(partitions, topics, ({ partition }) => partition).map((answer, at) => ({
      topic: partitions[at]?.topic ?? '',
      partition: answer.partition,
      error: errorCodeOf(answer.errorCode),
      ...given('offset', natural(answer.offset)),
      ...given('timestamp', natural(answer.timestamp)),
      ...given('leaderEpoch', natural(answer.leaderEpoch)),
    })),
  }),
});
