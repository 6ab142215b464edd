import { kafkaApi } from '../schema/kafka-api.ts';
import { list } from '../schema/list.ts';
import { int16, int32, text } from '../schema/scalars.ts';

/** 2: flexible. */
export const deleteGroups = kafkaApi({
  key: 42,
  name: 'DeleteGroups',
  versions: '0-2',
  flexible: '2+',
  request: { groups: list(text) },
  response: { throttleTimeMs: int32, groups: list({ group: text, errorCode: int16 }) },
});
