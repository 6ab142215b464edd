import { kafkaApi } from '../schema/kafka-api.ts';
import { list } from '../schema/list.ts';
import { int16, int32, int64, records, text, textOrNull, uuid } from '../schema/scalars.ts';
import { at, tagged } from '../schema/struct.ts';
import { leaderAndEpoch, nodeEndpoints, unknownLeader } from './current-leader.ts';

/**
 * 3: batches of the present format alone. 5: log start. 7: zstd. 8: errors by record. 9: flexible. 10: the present leader.
 * 12: transactions of the second kind. 13: topics by id. Versions 0 to 2 are told of, and answered with a close, as Kafka does.
 */
export const produce = kafkaApi({
  key: 0,
  name: 'Produce',
  versions: '3-13',
  flexible: '9+',
  request: {
    transactionalId: textOrNull(),
    acks: int16,
    timeoutMs: int32,
    topics: list({
      name: at('0-12', text),
      topicId: at('13+', uuid),
      partitions: list({ index: int32, records }),
    }),
  },
  response: {
    responses: list({
      name: at('0-12', text),
      topicId: at('13+', uuid),
      partitions: list({
        index: int32,
        errorCode: int16,
        baseOffset: int64,
        logAppendTimeMs: int64,
        logStartOffset: at('5+', int64, -1),
        recordErrors: at('8+', list({ batchIndex: int32, batchIndexErrorMessage: textOrNull() })),
        errorMessage: at('8+', textOrNull()),
        currentLeader: tagged(0, '10+', leaderAndEpoch, unknownLeader),
      }),
    }),
    throttleTimeMs: int32,
    nodeEndpoints: tagged(0, '10+', nodeEndpoints),
  },
});
