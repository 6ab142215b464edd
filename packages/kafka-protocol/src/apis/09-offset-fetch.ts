import { kafkaApi } from '../schema/kafka-api.ts';
import { list, listOrNull } from '../schema/list.ts';
import { flag, int16, int32, int64, text, textOrNull } from '../schema/scalars.ts';
import { at } from '../schema/struct.ts';

const askedTopics = { topic: text, partitions: list(int32) };
const answeredTopics = list({
  topic: text,
  partitions: list({
    partition: int32,
    offset: int64,
    leaderEpoch: at('5+', int32, -1),
    metadata: textOrNull(),
    errorCode: int16,
  }),
});

/** 2: null for all topics, an error for the whole. 5: leader epochs. 6: flexible. 7: stable ones only. 8: several groups. 9: epochs of members. */
export const offsetFetch = kafkaApi({
  key: 9,
  name: 'OffsetFetch',
  versions: '1-9',
  flexible: '6+',
  request: {
    group: at('0-7', text),
    topics: at('0-7', listOrNull(askedTopics, 2)),
    groups: at(
      '8+',
      list({
        group: text,
        memberId: at('9+', textOrNull()),
        memberEpoch: at('9+', int32, -1),
        topics: listOrNull(askedTopics),
      }),
    ),
    requireStable: at('7+', flag),
  },
  response: {
    throttleTimeMs: at('3+', int32),
    topics: at('0-7', answeredTopics),
    errorCode: at('2-7', int16),
    groups: at('8+', list({ group: text, topics: answeredTopics, errorCode: int16 })),
  },
});
