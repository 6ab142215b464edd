import type { Cluster } from '@millrace/client';
import { type ErrorCode, errorCodes } from '@millrace/protocol';
import { CodedError } from '@millrace/runtime';

/** How long a broker may take until a new topic's partitions are led. */
const timeoutMs = 10_000;

export interface NewTopic {
  /** Default: the broker's. */
  partitions?: number;
  config?: { readonly [name: string]: string };
}

/** Resolves once the topic can be written. TOPIC_ALREADY_EXISTS, INVALID_TOPIC_EXCEPTION, INVALID_PARTITIONS, INVALID_CONFIG. */
export async function createTopic(
  cluster: Cluster,
  name: string,
  { partitions, config = {} }: NewTopic = {},
): Promise<{ partitions: number }> {
  const answer = await cluster.call('createTopics', {
    timeoutMs,
    topics: [
      {
        name,
        config: Object.entries(config).map(([key, value]) => ({ name: key, value })),
        ...(partitions === undefined ? {} : { partitions }),
      },
    ],
  });
  const created = answer.topics[0];
  throwFailure(created, `topic '${name}' was not created`);
  cluster.forget(name);
  return { partitions: created?.partitions ?? partitions ?? 1 };
}

/** Resolves once the name is free again. UNKNOWN_TOPIC_OR_PARTITION. */
export async function deleteTopic(cluster: Cluster, name: string): Promise<void> {
  const answer = await cluster.call('deleteTopics', { timeoutMs, topics: [{ name }] });
  throwFailure(answer.topics[0], `topic '${name}' was not deleted`);
  cluster.forget(name);
}

/** Throws what an item of an answer says that failed; `otherwise` where it says nothing. */
export function throwFailure(
  item: { readonly error: ErrorCode; readonly message?: string | undefined } | undefined,
  otherwise: string,
): void {
  const error = item?.error ?? 'UNKNOWN_SERVER_ERROR';
  if (error === 'NONE') return;
  const { meaning, retriable } = errorCodes[error];
  throw new CodedError(error, item?.message ?? `${otherwise}: ${meaning}`, { retriable });
}
