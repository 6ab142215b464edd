import { kafkaApi } from '../schema/kafka-api.ts';
import { list } from '../schema/list.ts';
import { int16, int32, text, textOrNull } from '../schema/scalars.ts';
import { at } from '../schema/struct.ts';

/** 3: several members, static ones too. 4: flexible. 5: a reason. */
export const leaveGroup = kafkaApi({
  key: 13,
  name: 'LeaveGroup',
  versions: '0-5',
  flexible: '4+',
  request: {
    group: text,
    memberId: at('0-2', text),
    members: at('3+', list({ memberId: text, instanceId: textOrNull(), reason: at('5+', textOrNull()) })),
  },
  response: {
    throttleTimeMs: at('1+', int32),
    errorCode: int16,
    members: at('3+', list({ memberId: text, instanceId: textOrNull(), errorCode: int16 })),
  },
});
