import { kafkaApi } from '../schema/kafka-api.ts';
import { list, listOrNull } from '../schema/list.ts';
import { flag, int8, int16, int32, text, textOrNull, uuid } from '../schema/scalars.ts';
import { at, tagged } from '../schema/struct.ts';

/** 4: -1 for the broker's defaults. 5: flexible, and what was made. 7: topic ids. */
export const createTopics = kafkaApi({
  key: 19,
  name: 'CreateTopics',
  versions: '2-7',
  flexible: '5+',
  request: {
    topics: list({
      topic: text,
      numPartitions: int32,
      replicationFactor: int16,
      replicaAssignment: list({ partition: int32, replicas: list(int32) }),
      configs: list({ name: text, value: textOrNull() }),
    }),
    timeoutMs: int32,
    validateOnly: flag,
  },
  response: {
    throttleTimeMs: int32,
    topics: list({
      topic: text,
      topicId: at('7+', uuid),
      errorCode: int16,
      errorMessage: textOrNull(),
      configErrorCode: tagged(0, '5+', int16),
      numPartitions: at('5+', int32, -1),
      replicationFactor: at('5+', int16, -1),
      configs: at(
        '5+',
        listOrNull({
          name: text,
          value: textOrNull(),
          readOnly: flag,
          source: int8,
          isSensitive: flag,
        }),
      ),
    }),
  },
});
