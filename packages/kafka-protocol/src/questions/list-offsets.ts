import { listOffsets } from '../apis/02-list-offsets.ts';
import type { KafkaRequest } from '../schema/kafka-api.ts';
import { answeredTopics, askedPartitions, type Refusal } from './partitions.ts';
import { given, natural, numberOf, question } from './question.ts';

type Topic = KafkaRequest<typeof listOffsets>['topics'][number];
type Partition = Topic['partitions'][number];

const latest = -1;
const earliest = -2;
/** Without tiers the earliest that lies here is the earliest there is, and none lies elsewhere. */
const earliestLocal = -4;
const lastTiered = -5;

/** What a timestamp asks for at a version; `nothing`: a thing of which there is none. */
function meaningOf(
  timestamp: number,
  version: number,
): 'earliest' | 'latest' | 'timestamp' | 'nothing' | undefined {
  if (timestamp >= 0) return 'timestamp';
  if (timestamp === latest) return 'latest';
  if (timestamp === earliest || (timestamp === earliestLocal && version >= 8)) return 'earliest';
  return timestamp === lastTiered && version >= 9 ? 'nothing' : undefined;
}

function refusalAt(version: number): Refusal<Topic, Partition> {
  return ({ partition, timestamp }) => {
    if (partition < 0) return numberOf('UNKNOWN_TOPIC_OR_PARTITION');
    const meaning = meaningOf(timestamp, version);
    if (meaning === undefined) return numberOf('UNSUPPORTED_VERSION');
    return meaning === 'nothing' ? numberOf('NONE') : undefined;
  };
}

/** The offset of the largest timestamp (-3) is not known without reading a log: UNSUPPORTED_VERSION, as by older brokers. */
export const listOffsetsQuestion = question<typeof listOffsets, 'listOffsets'>({
  api: listOffsets,
  asks: 'listOffsets',
  ask: ({ topics, isolationLevel }, version) => ({
    partitions: askedPartitions(
      topics,
      refusalAt(version),
      ({ partition, timestamp, currentLeaderEpoch }, { topic }) => ({
        topic,
        partition,
        at: meaningOf(timestamp, version) as 'earliest' | 'latest' | 'timestamp',
        ...given('timestamp', natural(timestamp)),
        ...given('currentLeaderEpoch', natural(currentLeaderEpoch)),
      }),
    ),
    isolation: isolationLevel === 1 ? 'readCommitted' : 'readUncommitted',
  }),
  fail: ({ partitions }, failure) => ({
    partitions: partitions.map(({ topic, partition }) => ({ topic, partition, ...failure })),
  }),
  answer: ({ partitions }, { topics }, version) => ({
    topics: answeredTopics(topics, refusalAt(version), partitions, ({ partition }, answer, code) => ({
      partition,
      errorCode: answer === undefined ? code : numberOf(answer.error),
      timestamp: answer?.timestamp ?? -1,
      offset: answer?.offset ?? -1,
      leaderEpoch: answer?.leaderEpoch ?? -1,
    })).map(({ asked: { topic }, partitions: answered }) => ({ topic, partitions: answered })),
  }),
});
