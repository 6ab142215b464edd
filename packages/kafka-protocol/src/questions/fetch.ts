import type { ErrorCode } from '@millrace/protocol';
import { fetch } from '../apis/01-fetch.ts';
import type { KafkaRequest } from '../schema/kafka-api.ts';
import { answeredTopics, askedPartitions, type Refusal } from './partitions.ts';
import { given, natural, numberOf, question } from './question.ts';

type Topic = KafkaRequest<typeof fetch>['topics'][number];
type Partition = Topic['partitions'][number];

const sessionNotFound = 70;
const noRecords = Buffer.alloc(0);

/** Java's consumer throws out of poll() for any other number of a partition. */
const known: ReadonlySet<number> = new Set([-1, 0, 1, 2, 3, 6, 9, 29, 56, 74, 75, 78, 100, 103]);

function fetchErrorOf(error: ErrorCode, version: number): number {
  const number = numberOf(error);
  if (error === 'LEADER_NOT_AVAILABLE' || (error === 'STORAGE_ERROR' && version < 6))
    return numberOf('NOT_LEADER_OR_FOLLOWER');
  return known.has(number) ? number : numberOf('UNKNOWN_SERVER_ERROR');
}

const refusal: Refusal<Topic, Partition> = ({ partition, fetchOffset }, { topic, topicId }) => {
  if (partition < 0) return numberOf('UNKNOWN_TOPIC_OR_PARTITION');
  if (topic === '' && topicId === '') return numberOf('UNKNOWN_TOPIC_ID');
  return fetchOffset < 0 ? numberOf('OFFSET_OUT_OF_RANGE') : undefined;
};

/** Every answer is a full one, without a session: what KIP-227 lets a broker say to whoever asks for one. */
export const fetchQuestion = question<typeof fetch, 'fetch'>({
  api: fetch,
  asks: 'fetch',
  refuse: ({ sessionId, sessionEpoch }) =>
    sessionId !== 0 && sessionEpoch !== -1
      ? { throttleTimeMs: 0, errorCode: sessionNotFound, topics: [] }
      : undefined,
  ask: ({ maxWaitMs, minBytes, maxBytes, isolationLevel, topics, ...rest }) => ({
    maxWaitMs: Math.max(0, maxWaitMs),
    minBytes: Math.max(0, minBytes),
    maxBytes: Math.max(0, maxBytes),
    partitions: askedPartitions(topics, refusal, (asked, { topic, topicId }) => ({
      topic,
      partition: asked.partition,
      fetchOffset: asked.fetchOffset,
      maxBytes: Math.max(0, asked.partitionMaxBytes),
      ...given('topicId', topicId === '' ? undefined : topicId),
      ...given('currentLeaderEpoch', natural(asked.currentLeaderEpoch)),
    })),
    isolation: isolationLevel === 1 ? 'readCommitted' : 'readUncommitted',
    ...given('replicaId', natural(Math.max(rest.replicaId, rest.replicaState.replicaId))),
  }),
  fail: ({ partitions }, failure) => ({
    partitions: partitions.map(({ topic, partition }) => ({
      topic,
      partition,
      ...failure,
      batches: noRecords,
    })),
  }),
  answer: ({ partitions }, { topics, isolationLevel }, version) => ({
    throttleTimeMs: 0,
    topics: answeredTopics(topics, refusal, partitions, ({ partition }, answer, code) => ({
      partition,
      errorCode: answer === undefined ? code : fetchErrorOf(answer.error, version),
      highWatermark: answer?.highWatermark ?? -1,
      // Without transactions nothing is unstable.
      lastStableOffset: answer?.lastStableOffset ?? answer?.highWatermark ?? -1,
      logStartOffset: answer?.logStartOffset ?? -1,
      // librdkafka complains of a list that it did not ask for.
      abortedTransactions: isolationLevel === 1 ? (answer?.abortedTransactions ?? []) : null,
      // Null instead of nothing, and librdkafka fetches the same again for ever.
      records: answer?.batches ?? noRecords,
    })).map(({ asked: { topic, topicId }, partitions: answered }) => ({
      topic,
      topicId,
      partitions: answered,
    })),
  }),
});
