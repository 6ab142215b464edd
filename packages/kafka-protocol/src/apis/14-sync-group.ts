import { kafkaApi } from '../schema/kafka-api.ts';
import { list } from '../schema/list.ts';
import { bytes, int16, int32, text, textOrNull } from '../schema/scalars.ts';
import { at } from '../schema/struct.ts';

/** 3: static members. 4: flexible. 5: type and name of the protocol. */
export const syncGroup = kafkaApi({
  key: 14,
  name: 'SyncGroup',
  versions: '0-5',
  flexible: '4+',
  request: {
    group: text,
    generation: int32,
    memberId: text,
    instanceId: at('3+', textOrNull()),
    protocolType: at('5+', textOrNull()),
    protocol: at('5+', textOrNull()),
    groupAssignment: list({ memberId: text, memberAssignment: bytes }),
  },
  response: {
    throttleTimeMs: at('1+', int32),
    errorCode: int16,
    protocolType: at('5+', textOrNull()),
    protocol: at('5+', textOrNull()),
    memberAssignment: bytes,
  },
});
