import { kafkaApi } from '../schema/kafka-api.ts';
import { list } from '../schema/list.ts';
import { int16, int32, text, textOrNull, uuid } from '../schema/scalars.ts';
import { at } from '../schema/struct.ts';

/** 4: flexible. 5: a message. 6: topics by id. */
export const deleteTopics = kafkaApi({
  key: 20,
  name: 'DeleteTopics',
  versions: '1-6',
  flexible: '4+',
  request: {
    topics: at('6+', list({ topic: textOrNull(), topicId: uuid })),
    topicNames: at('0-5', list(text)),
    timeoutMs: int32,
  },
  response: {
    throttleTimeMs: int32,
    topics: list({
      topic: textOrNull(6),
      topicId: at('6+', uuid),
      errorCode: int16,
      errorMessage: at('5+', textOrNull()),
    }),
  },
});
