import { kafkaApi } from '../schema/kafka-api.ts';
import { list } from '../schema/list.ts';
import { flag, int16, int32, int64, text } from '../schema/scalars.ts';
import { at, tagged } from '../schema/struct.ts';

/** 3: flexible, who asks, and features. 4: features whose least version is 0. The header of its answer never has tags. */
export const apiVersions = kafkaApi({
  key: 18,
  name: 'ApiVersions',
  versions: '0-4',
  flexible: '3+',
  request: { clientSoftwareName: at('3+', text), clientSoftwareVersion: at('3+', text) },
  response: {
    errorCode: int16,
    apiKeys: list({ apiKey: int16, minVersion: int16, maxVersion: int16 }),
    throttleTimeMs: at('1+', int32),
    supportedFeatures: tagged(0, '3+', list({ name: text, minVersion: int16, maxVersion: int16 })),
    finalizedFeaturesEpoch: tagged(1, '3+', int64, -1),
    finalizedFeatures: tagged(2, '3+', list({ name: text, maxVersionLevel: int16, minVersionLevel: int16 })),
    zkMigrationReady: tagged(3, '3+', flag),
  },
});
