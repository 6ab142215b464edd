import type { ResponseOf } from '@millrace/protocol';
import { offsetCommit } from '../apis/08-offset-commit.ts';
import { offsetFetch } from '../apis/09-offset-fetch.ts';
import type { KafkaRequest } from '../schema/kafka-api.ts';
import { answeredTopics, askedPartitions, type Refusal } from './partitions.ts';
import { given, natural, numberOf, question } from './question.ts';

type Topic = KafkaRequest<typeof offsetCommit>['topics'][number];

const refusal: Refusal<Topic, Topic['partitions'][number]> = ({ partition, offset }) => {
  if (partition < 0) return numberOf('UNKNOWN_TOPIC_OR_PARTITION');
  return offset < 0 ? numberOf('OFFSET_OUT_OF_RANGE') : undefined;
};

export const offsetCommitQuestion = question<typeof offsetCommit, 'offsetCommit'>({
  api: offsetCommit,
  asks: 'offsetCommit',
  ask: ({ group, generation, memberId, instanceId, topics }) => ({
    groupId: group,
    memberId,
    ...given('generation', natural(generation)),
    ...given('groupInstanceId', instanceId),
    partitions: askedPartitions(
      topics,
      refusal,
      ({ partition, offset, leaderEpoch, metadata }, { topic }) => ({
        topic,
        partition,
        offset,
        ...given('leaderEpoch', natural(leaderEpoch)),
        ...given('metadata', metadata),
      }),
    ),
  }),
  fail: ({ partitions }, failure) => ({
    partitions: partitions.map(({ topic, partition }) => ({ topic, partition, ...failure })),
  }),
  answer: ({ partitions }, { topics }) => ({
    topics: answeredTopics(topics, refusal, partitions, ({ partition }, answer, code) => ({
      partition,
      errorCode: answer === undefined ? code : numberOf(answer.error),
    })).map(({ asked: { topic }, partitions: answered }) => ({ topic, partitions: answered })),
  }),
});

type GroupAnswer = ResponseOf<'offsetFetch'>['groups'][number];
type AskedTopics = readonly { readonly topic: string; readonly partitions: readonly number[] }[];

/** From here on several groups are asked for at once. */
const severalVersion = 8;

function partitionsOf(topics: AskedTopics): { topic: string; partition: number }[] {
  return topics.flatMap(({ topic, partitions }) =>
    partitions.filter((partition) => partition >= 0).map((partition) => ({ topic, partition })),
  );
}

/** What was committed, topic by topic. */
function topicsOf({ partitions }: GroupAnswer) {
  const topics = new Map<string, ReturnType<typeof committed>[]>();
  for (const partition of partitions) {
    const known = topics.get(partition.topic);
    if (known === undefined) topics.set(partition.topic, [committed(partition)]);
    else known.push(committed(partition));
  }
  return [...topics].map(([topic, answered]) => ({ topic, partitions: answered }));
}

function committed({ partition, error, offset, leaderEpoch, metadata }: GroupAnswer['partitions'][number]) {
  return {
    partition,
    offset: offset ?? -1,
    leaderEpoch: leaderEpoch ?? -1,
    metadata: metadata ?? '',
    errorCode: numberOf(error),
  };
}

export const offsetFetchQuestion = question<typeof offsetFetch, 'offsetFetch'>({
  api: offsetFetch,
  asks: 'offsetFetch',
  ask: ({ group, topics, groups, requireStable }, version) => ({
    groups: (version < severalVersion ? [{ group, topics }] : groups).map((asked) => ({
      groupId: asked.group,
      ...given('partitions', asked.topics === null ? undefined : partitionsOf(asked.topics)),
    })),
    requireStable,
  }),
  fail: ({ groups }, failure) => ({
    groups: groups.map(({ groupId, partitions = [] }) => ({
      groupId,
      ...failure,
      partitions: partitions.map((named) => ({ ...named, ...failure })),
    })),
  }),
  answer: ({ groups }) => ({
    errorCode: numberOf(groups[0]?.error ?? 'NONE'),
    topics: groups[0] === undefined ? [] : topicsOf(groups[0]),
    groups: groups.map((answer) => ({
      group: answer.groupId,
      topics: topicsOf(answer),
      errorCode: numberOf(answer.error),
    })),
  }),
});
