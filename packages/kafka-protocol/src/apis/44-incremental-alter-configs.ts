import { kafkaApi } from '../schema/kafka-api.ts';
import { list } from '../schema/list.ts';
import { flag, int8, int16, int32, text, textOrNull } from '../schema/scalars.ts';

/** 1: flexible. */
export const incrementalAlterConfigs = kafkaApi({
  key: 44,
  name: 'IncrementalAlterConfigs',
  versions: '0-1',
  flexible: '1+',
  request: {
    resources: list({
      resourceType: int8,
      resourceName: text,
      configs: list({ name: text, op: int8, value: textOrNull() }),
    }),
    validateOnly: flag,
  },
  response: {
    throttleTimeMs: int32,
    resources: list({
      errorCode: int16,
      errorMessage: textOrNull(),
      resourceType: int8,
      resourceName: text,
    }),
  },
});
