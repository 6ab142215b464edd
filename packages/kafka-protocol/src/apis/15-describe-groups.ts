import { kafkaApi } from '../schema/kafka-api.ts';
import { list } from '../schema/list.ts';
import { bytes, flag, int16, int32, text, textOrNull } from '../schema/scalars.ts';
import { at } from '../schema/struct.ts';
import { operationsNotAsked } from './03-metadata.ts';

/** 3: authorized operations. 4: static members. 5: flexible. 6: GROUP_ID_NOT_FOUND, with a message. */
export const describeGroups = kafkaApi({
  key: 15,
  name: 'DescribeGroups',
  versions: '0-6',
  flexible: '5+',
  request: { groups: list(text), includeAuthorizedOperations: at('3+', flag) },
  response: {
    throttleTimeMs: at('1+', int32),
    groups: list({
      errorCode: int16,
      errorMessage: at('6+', textOrNull()),
      group: text,
      state: text,
      protocolType: text,
      protocol: text,
      members: list({
        memberId: text,
        instanceId: at('4+', textOrNull()),
        clientId: text,
        clientHost: text,
        protocolMetadata: bytes,
        memberAssignment: bytes,
      }),
      authorizedOperations: at('3+', int32, operationsNotAsked),
    }),
  },
});
