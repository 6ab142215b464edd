import { produce } from '../apis/00-produce.ts';
import type { KafkaRequest } from '../schema/kafka-api.ts';
import { answeredTopics, askedPartitions, type Refusal } from './partitions.ts';
import { given, numberOf, question } from './question.ts';

type Topic = KafkaRequest<typeof produce>['topics'][number];
type Partition = Topic['partitions'][number];

/** Where a batch says which format it has; only the present one is taken. */
const magicAt = 16;
const magic = 2;

const acksOf: { readonly [acks: number]: 'none' | 'leader' | 'all' } = {
  0: 'none',
  1: 'leader',
  [-1]: 'all',
};

/** What will not heal by trying again must not look as if it did: a batch of an old format is invalid, not damaged. */
const refusal: Refusal<Topic, Partition> = ({ index, records }, { name, topicId }) => {
  if (index < 0) return numberOf('UNKNOWN_TOPIC_OR_PARTITION');
  if (name === '' && topicId === '') return numberOf('UNKNOWN_TOPIC_ID');
  if (records === null || records.length === 0) return numberOf('INVALID_RECORD');
  return records.length > magicAt && records[magicAt] !== magic ? numberOf('INVALID_RECORD') : undefined;
};
const wrongAcks = (): number => numberOf('INVALID_REQUIRED_ACKS');

function answerOf(
  topics: readonly Topic[],
  refused: Refusal<Topic, Partition>,
  answers: readonly {
    error: Parameters<typeof numberOf>[0];
    message?: string | undefined;
    baseOffset?: number | undefined;
    logStartOffset?: number | undefined;
    logAppendTime?: number | undefined;
  }[],
) {
  return {
    throttleTimeMs: 0,
    responses: answeredTopics(topics, refused, answers, ({ index }, answer, code) => ({
      index,
      errorCode: answer === undefined ? code : numberOf(answer.error),
      baseOffset: answer?.baseOffset ?? -1,
      logAppendTimeMs: answer?.logAppendTime ?? -1,
      logStartOffset: answer?.logStartOffset ?? -1,
      recordErrors: [],
      errorMessage: answer?.message ?? null,
    })).map(({ asked: { name, topicId }, partitions }) => ({ name, topicId, partitions })),
  };
}

export const produceQuestion = question<typeof produce, 'produce'>({
  api: produce,
  asks: 'produce',
  refuse: ({ acks, topics }) => (acksOf[acks] === undefined ? answerOf(topics, wrongAcks, []) : undefined),
  ask: ({ acks, timeoutMs, topics, transactionalId }) => ({
    acks: acksOf[acks] ?? 'all',
    timeoutMs: Math.max(0, timeoutMs),
    partitions: askedPartitions(topics, refusal, ({ index, records }, { name, topicId }) => ({
      topic: name,
      partition: index,
      batches: records as Buffer,
      ...given('topicId', topicId === '' ? undefined : topicId),
    })),
    ...given('transactionalId', transactionalId),
  }),
  fail: ({ partitions }, failure) => ({
    partitions: partitions.map(({ topic, partition }) => ({ topic, partition, ...failure })),
  }),
  answer: ({ partitions }, { topics }) => answerOf(topics, refusal, partitions),
});
