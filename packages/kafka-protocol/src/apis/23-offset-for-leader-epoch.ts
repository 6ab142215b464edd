import { kafkaApi } from '../schema/kafka-api.ts';
import { list } from '../schema/list.ts';
import { int16, int32, int64, text } from '../schema/scalars.ts';
import { at } from '../schema/struct.ts';

/** 3: who asks. 4: flexible. */
export const offsetForLeaderEpoch = kafkaApi({
  key: 23,
  name: 'OffsetForLeaderEpoch',
  versions: '2-4',
  flexible: '4+',
  request: {
    replicaId: at('3+', int32, -2),
    topics: list({
      topic: text,
      partitions: list({ partition: int32, currentLeaderEpoch: int32, leaderEpoch: int32 }),
    }),
  },
  response: {
    throttleTimeMs: int32,
    topics: list({
      topic: text,
      partitions: list({ errorCode: int16, partition: int32, leaderEpoch: int32, endOffset: int64 }),
    }),
  },
});
