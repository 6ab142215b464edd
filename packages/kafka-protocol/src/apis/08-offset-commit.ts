import { kafkaApi } from '../schema/kafka-api.ts';
import { list } from '../schema/list.ts';
import { int16, int32, int64, text, textOrNull } from '../schema/scalars.ts';
import { at } from '../schema/struct.ts';

/** 2 to 4: a retention, which is not heeded. 6: leader epochs. 7: static members. 8: flexible. 9: epochs of members. */
export const offsetCommit = kafkaApi({
  key: 8,
  name: 'OffsetCommit',
  versions: '2-9',
  flexible: '8+',
  request: {
    group: text,
    generation: int32,
    memberId: text,
    instanceId: at('7+', textOrNull()),
    retentionTimeMs: at('2-4', int64, -1),
    topics: list({
      topic: text,
      partitions: list({
        partition: int32,
        offset: int64,
        leaderEpoch: at('6+', int32, -1),
        metadata: textOrNull(),
      }),
    }),
  },
  response: {
    throttleTimeMs: at('3+', int32),
    topics: list({ topic: text, partitions: list({ partition: int32, errorCode: int16 }) }),
  },
});
