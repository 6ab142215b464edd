import { type ApiName, apiError, type RequestOf, type ResponseOf } from '@millrace/protocol';
import type { AnyKafkaApi, KafkaApi } from '../schema/kafka-api.ts';

type DraftOf<Api> = Api extends KafkaApi<infer _Q, infer Draft, infer _A, infer _AD> ? Draft : never;
type AnswerOf<Api> = Api extends KafkaApi<infer _Q, infer _QD, infer Answer, infer _AD> ? Answer : never;

/**
 * A question of ours in Kafka's words, and its answer in ours. The version is always the same one: it is in every Kafka from
 * 3.1 to 4.x, so nobody has to wait for what the broker takes before the first question is written.
 */
interface Pose<Api extends AnyKafkaApi, Name extends ApiName> {
  readonly api: Api;
  readonly version: number;
  ask(request: RequestOf<Name>): DraftOf<Api>;
  /** In the order of what was asked. CORRUPT_MESSAGE when something of it is missing. */
  hear(answer: AnswerOf<Api>, request: RequestOf<Name>): ResponseOf<Name>;
}

/** Any of them; which belongs to which is known where it was found by its name. */
export interface AnyPose {
  readonly api: AnyKafkaApi;
  readonly version: number;
  ask(request: unknown): unknown;
  hear(answer: unknown, request: unknown): unknown;
}

export function pose<Api extends AnyKafkaApi, Name extends ApiName>(definition: Pose<Api, Name>): AnyPose {
  return definition as unknown as AnyPose;
}

interface Named {
  readonly topic: string;
  readonly partition: number;
}

/** Kafka names a topic once for all of its partitions. */
export function byTopic<Partition extends Named, Item>(
  partitions: readonly Partition[],
  itemOf: (partition: Partition) => Item,
): { readonly topic: string; readonly partitions: Item[] }[] {
  const topics = new Map<string, Item[]>();
  for (const partition of partitions) listOf(topics, partition.topic).push(itemOf(partition));
  return [...topics].map(([topic, items]) => ({ topic, partitions: items }));
}

/** What was answered of each partition, in the order in which they were asked for. */
export function inOrder<Answer>(
  asked: readonly Named[],
  topics: readonly { readonly topic: string; readonly partitions: readonly Answer[] }[],
  numberOf: (answer: Answer) => number,
): Answer[] {
  const found = new Map<string, Answer[]>();
  for (const { topic, partitions } of topics)
    for (const answer of partitions) listOf(found, `${topic}/${numberOf(answer)}`).push(answer);
  return asked.map(({ topic, partition }) => {
    const answer = found.get(`${topic}/${partition}`)?.shift();
    if (answer === undefined)
      throw apiError('CORRUPT_MESSAGE', `the broker left out ${topic}-${partition}, which it was asked for`);
    return answer;
  });
}

function listOf<Item>(lists: Map<string, Item[]>, key: string): Item[] {
  let list = lists.get(key);
  if (list === undefined) {
    list = [];
    lists.set(key, list);
  }
  return list;
}
