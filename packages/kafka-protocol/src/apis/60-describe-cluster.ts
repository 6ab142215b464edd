import { kafkaApi } from '../schema/kafka-api.ts';
import { list } from '../schema/list.ts';
import { flag, int8, int16, int32, text, textOrNull } from '../schema/scalars.ts';
import { at } from '../schema/struct.ts';

/** 1: brokers or controllers. 2: fenced brokers. */
export const describeCluster = kafkaApi({
  key: 60,
  name: 'DescribeCluster',
  versions: '0-2',
  flexible: '0+',
  request: {
    includeClusterAuthorizedOperations: flag,
    endpointType: at('1+', int8, 1),
    includeFencedBrokers: at('2+', flag),
  },
  response: {
    throttleTimeMs: int32,
    errorCode: int16,
    errorMessage: textOrNull(),
    endpointType: at('1+', int8, 1),
    clusterId: text,
    controllerId: int32,
    brokers: list({
      nodeId: int32,
      host: text,
      port: int32,
      rack: textOrNull(),
      isFenced: at('2+', flag),
    }),
    clusterAuthorizedOperations: int32,
  },
});
