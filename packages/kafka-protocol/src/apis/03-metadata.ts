import { kafkaApi } from '../schema/kafka-api.ts';
import { list, listOrNull } from '../schema/list.ts';
import { flag, int16, int32, text, textOrNull, uuid } from '../schema/scalars.ts';
import { at } from '../schema/struct.ts';

/** What KIP-430 says of operations that were not asked for. */
export const operationsNotAsked = -2_147_483_648;

/**
 * 1: null for all topics, the controller, racks. 4: a topic may be made by asking. 7: leader epochs. 8: authorized
 * operations. 9: flexible. 10: topic ids. 12: topics asked for by id. 13: an error for the whole.
 */
export const metadata = kafkaApi({
  key: 3,
  name: 'Metadata',
  versions: '0-13',
  flexible: '9+',
  request: {
    topics: listOrNull({ topicId: at('10+', uuid), topic: textOrNull(10) }, 1),
    allowAutoTopicCreation: at('4+', flag, true),
    includeClusterAuthorizedOperations: at('8-10', flag),
    includeTopicAuthorizedOperations: at('8+', flag),
  },
  response: {
    throttleTimeMs: at('3+', int32),
    brokers: list({ nodeId: int32, host: text, port: int32, rack: at('1+', textOrNull()) }),
    clusterId: at('2+', textOrNull()),
    controllerId: at('1+', int32, -1),
    topics: list({
      errorCode: int16,
      topic: textOrNull(12),
      topicId: at('10+', uuid),
      isInternal: at('1+', flag),
      partitions: list({
        errorCode: int16,
        partition: int32,
        leader: int32,
        leaderEpoch: at('7+', int32, -1),
        replicas: list(int32),
        isr: list(int32),
        offlineReplicas: at('5+', list(int32)),
      }),
      authorizedOperations: at('8+', int32, operationsNotAsked),
    }),
    authorizedOperations: at('8-10', int32, operationsNotAsked),
    errorCode: at('13+', int16),
  },
});
