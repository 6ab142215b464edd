import { kafkaApi } from '../schema/kafka-api.ts';
import { int16, int32, text, textOrNull } from '../schema/scalars.ts';
import { at } from '../schema/struct.ts';

/** 3: static members. 4: flexible. */
export const heartbeat = kafkaApi({
  key: 12,
  name: 'Heartbeat',
  versions: '0-4',
  flexible: '4+',
  request: { group: text, generation: int32, memberId: text, instanceId: at('3+', textOrNull()) },
  response: { throttleTimeMs: at('1+', int32), errorCode: int16 },
});
