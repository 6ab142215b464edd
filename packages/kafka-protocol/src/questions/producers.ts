import { initProducerId } from '../apis/22-init-producer-id.ts';
import { offsetForLeaderEpoch } from '../apis/23-offset-for-leader-epoch.ts';
import type { KafkaRequest } from '../schema/kafka-api.ts';
import { answeredTopics, askedPartitions, type Refusal } from './partitions.ts';
import { given, natural, numberOf, question } from './question.ts';

/** Without a transactional id a producer always gets a fresh id: clients send what they had, or zeros. */
export const initProducerIdQuestion = question<typeof initProducerId, 'initProducerId'>({
  api: initProducerId,
  asks: 'initProducerId',
  ask: ({ transactionalId, transactionTimeoutMs, producerId, producerEpoch }) =>
    transactionalId === null
      ? {}
      : {
          transactionalId,
          transactionTimeoutMs: Math.max(0, transactionTimeoutMs),
          ...given('producerId', natural(producerId)),
          ...given('producerEpoch', natural(producerEpoch)),
        },
  fail: (_, failure) => failure,
  answer: ({ error, producerId, producerEpoch }) => ({
    throttleTimeMs: 0,
    errorCode: numberOf(error),
    producerId: producerId ?? -1,
    producerEpoch: producerEpoch ?? -1,
  }),
});

type Topic = KafkaRequest<typeof offsetForLeaderEpoch>['topics'][number];

const refusal: Refusal<Topic, Topic['partitions'][number]> = ({ partition, leaderEpoch }) => {
  if (partition < 0) return numberOf('UNKNOWN_TOPIC_OR_PARTITION');
  return leaderEpoch < 0 ? numberOf('UNKNOWN_LEADER_EPOCH') : undefined;
};

export const offsetForLeaderEpochQuestion = question<typeof offsetForLeaderEpoch, 'offsetForLeaderEpoch'>({
  api: offsetForLeaderEpoch,
  asks: 'offsetForLeaderEpoch',
  ask: ({ topics }) => ({
    partitions: askedPartitions(
      topics,
      refusal,
      ({ partition, leaderEpoch, currentLeaderEpoch }, { topic }) => ({
        topic,
        partition,
        leaderEpoch,
        ...given('currentLeaderEpoch', natural(currentLeaderEpoch)),
      }),
    ),
  }),
  fail: ({ partitions }, failure) => ({
    partitions: partitions.map(({ topic, partition }) => ({ topic, partition, ...failure })),
  }),
  answer: ({ partitions }, { topics }) => ({
    throttleTimeMs: 0,
    topics: answeredTopics(topics, refusal, partitions, ({ partition }, answer, code) => ({
      errorCode: answer === undefined ? code : numberOf(answer.error),
      partition,
      leaderEpoch: answer?.leaderEpoch ?? -1,
      endOffset: answer?.endOffset ?? -1,
    })).map(({ asked: { topic }, partitions: answered }) => ({ topic, partitions: answered })),
  }),
});
