import { apiVersions } from './apis/18-api-versions.ts';
import type { AnyKafkaApi, KafkaResponseDraft } from './schema/kafka-api.ts';

/**
 * librdkafka before 2.11.1 stops compressing when the least version of Produce is above 0. So Kafka tells of versions that
 * it does not take (KAFKA-18659), and so do we.
 */
const produceKey = 0;

const software = /^[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?$/;

/** What a listener takes: the questions that have a handler behind them, and this one. */
export function apiVersionsAnswer(
  served: readonly AnyKafkaApi[],
  errorCode = 0,
): KafkaResponseDraft<typeof apiVersions> {
  const apiKeys = [...served, apiVersions as AnyKafkaApi]
    .toSorted((one, other) => one.key - other.key)
    .map(({ key, versions: { least, most } }) => ({
      apiKey: key,
      minVersion: key === produceKey ? 0 : least,
      maxVersion: most,
    }));
  return { errorCode, apiKeys };
}

export function isSoftwareName(text: string): boolean {
  return software.test(text);
}
