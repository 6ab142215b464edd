import { kafkaApi } from '../schema/kafka-api.ts';
import { list } from '../schema/list.ts';
import { bytes, flag, int16, int32, text, textOrNull } from '../schema/scalars.ts';
import { at } from '../schema/struct.ts';

/** 1: a rebalance timeout. 4: MEMBER_ID_REQUIRED. 5: static members. 6: flexible. 7: the type in the answer. 8: a reason. 9: the leader may be told not to assign. */
export const joinGroup = kafkaApi({
  key: 11,
  name: 'JoinGroup',
  versions: '0-9',
  flexible: '6+',
  request: {
    group: text,
    sessionTimeoutMs: int32,
    rebalanceTimeoutMs: at('1+', int32, -1),
    memberId: text,
    instanceId: at('5+', textOrNull()),
    protocolType: text,
    protocols: list({ name: text, metadata: bytes }),
    reason: at('8+', textOrNull()),
  },
  response: {
    throttleTimeMs: at('2+', int32),
    errorCode: int16,
    generation: int32,
    protocolType: at('7+', textOrNull()),
    protocol: textOrNull(7),
    leaderId: text,
    skipAssignment: at('9+', flag),
    memberId: text,
    members: list({
      memberId: text,
      instanceId: at('5+', textOrNull()),
      protocolMetadata: bytes,
    }),
  },
});
