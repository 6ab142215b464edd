import { kafkaApi } from '../schema/kafka-api.ts';
import { list } from '../schema/list.ts';
import { int16, int32, text } from '../schema/scalars.ts';
import { at } from '../schema/struct.ts';

/** 3: flexible. 4: states. 5: types. */
export const listGroups = kafkaApi({
  key: 16,
  name: 'ListGroups',
  versions: '0-5',
  flexible: '3+',
  request: { statesFilter: at('4+', list(text)), typesFilter: at('5+', list(text)) },
  response: {
    throttleTimeMs: at('1+', int32),
    errorCode: int16,
    groups: list({
      group: text,
      protocolType: text,
      groupState: at('4+', text),
      groupType: at('5+', text),
    }),
  },
});
