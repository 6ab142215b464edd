import { kafkaApi } from '../schema/kafka-api.ts';
import { int16, int32, int64, textOrNull } from '../schema/scalars.ts';
import { at } from '../schema/struct.ts';

/** 2: flexible. 3: the id that the producer had. 4: PRODUCER_FENCED. */
export const initProducerId = kafkaApi({
  key: 22,
  name: 'InitProducerId',
  versions: '0-5',
  flexible: '2+',
  request: {
    transactionalId: textOrNull(),
    transactionTimeoutMs: int32,
    producerId: at('3+', int64, -1),
    producerEpoch: at('3+', int16, -1),
  },
  response: { throttleTimeMs: int32, errorCode: int16, producerId: int64, producerEpoch: int16 },
});
