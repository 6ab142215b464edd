import { kafkaApi } from '../schema/kafka-api.ts';
import { list } from '../schema/list.ts';
import { int8, int16, int32, text, textOrNull } from '../schema/scalars.ts';
import { at } from '../schema/struct.ts';

/** 1: transactions too. 3: flexible. 4: several keys. 6: share groups. */
export const findCoordinator = kafkaApi({
  key: 10,
  name: 'FindCoordinator',
  versions: '0-6',
  flexible: '3+',
  request: {
    coordinatorKey: at('0-3', text),
    coordinatorType: at('1+', int8),
    coordinatorKeys: at('4+', list(text)),
  },
  response: {
    throttleTimeMs: at('1+', int32),
    errorCode: at('0-3', int16),
    errorMessage: at('1-3', textOrNull()),
    nodeId: at('0-3', int32),
    host: at('0-3', text),
    port: at('0-3', int32),
    coordinators: at(
      '4+',
      list({
        key: text,
        nodeId: int32,
        host: text,
        port: int32,
        errorCode: int16,
        errorMessage: textOrNull(),
      }),
    ),
  },
});
