import { kafkaApi } from '../schema/kafka-api.ts';
import { list, listOrNull } from '../schema/list.ts';
import { flag, int8, int16, int32, text, textOrNull } from '../schema/scalars.ts';
import { at } from '../schema/struct.ts';

/** 1: sources and synonyms. 3: types and documentation. 4: flexible. */
export const describeConfigs = kafkaApi({
  key: 32,
  name: 'DescribeConfigs',
  versions: '1-4',
  flexible: '4+',
  request: {
    resources: list({ resourceType: int8, resourceName: text, configNames: listOrNull(text) }),
    includeSynonyms: flag,
    includeDocumentation: at('3+', flag),
  },
  response: {
    throttleTimeMs: int32,
    resources: list({
      errorCode: int16,
      errorMessage: textOrNull(),
      resourceType: int8,
      resourceName: text,
      configs: list({
        name: text,
        value: textOrNull(),
        readOnly: flag,
        source: int8,
        isSensitive: flag,
        configSynonyms: list({ name: text, value: textOrNull(), source: int8 }),
        configType: at('3+', int8),
        documentation: at('3+', textOrNull()),
      }),
    }),
  },
});
