import { kafkaApi } from '../schema/kafka-api.ts';
import { list } from '../schema/list.ts';
import { int8, int16, int32, int64, text } from '../schema/scalars.ts';
import { at } from '../schema/struct.ts';

/** 2: read committed. 4: leader epochs. 6: flexible. 7: the largest timestamp (-3). 8: the earliest local (-4). 9: the last tiered (-5). 10: a timeout. */
export const listOffsets = kafkaApi({
  key: 2,
  name: 'ListOffsets',
  versions: '1-10',
  flexible: '6+',
  request: {
    replicaId: int32,
    isolationLevel: at('2+', int8),
    topics: list({
      topic: text,
      partitions: list({ partition: int32, currentLeaderEpoch: at('4+', int32, -1), timestamp: int64 }),
    }),
    timeoutMs: at('10+', int32),
  },
  response: {
    throttleTimeMs: at('2+', int32),
    topics: list({
      topic: text,
      partitions: list({
        partition: int32,
        errorCode: int16,
        timestamp: int64,
        offset: int64,
        leaderEpoch: at('4+', int32, -1),
      }),
    }),
  },
});
