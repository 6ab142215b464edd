/** A topic of a request, with what is asked of its partitions. */
interface AskedTopic<Partition> {
  readonly partitions: readonly Partition[];
}

/** What can be answered without the broker: Kafka's number of the error. */
export type Refusal<Topic, Partition> = (partition: Partition, topic: Topic) => number | undefined;

/** All partitions that the broker is asked of, in the order of the request. */
export function askedPartitions<Partition, Topic extends AskedTopic<Partition>, Asked>(
  topics: readonly Topic[],
  refusal: Refusal<Topic, Topic['partitions'][number]>,
  ask: (partition: Topic['partitions'][number], topic: Topic) => Asked,
): Asked[] {
  const asked: Asked[] = [];
  for (const topic of topics)
    for (const partition of topic.partitions)
      if (refusal(partition, topic) === undefined) asked.push(ask(partition, topic));
  return asked;
}

/**
 * Exactly the partitions that were asked for, topic by topic: what the broker said of them, which it says in the order in
 * which it was asked, and what was refused before.
 */
export function answeredTopics<Partition, Topic extends AskedTopic<Partition>, Answer, Answered>(
  topics: readonly Topic[],
  refusal: Refusal<Topic, Topic['partitions'][number]>,
  answers: readonly Answer[],
  answer: (partition: Topic['partitions'][number], answer: Answer | undefined, refusal: number) => Answered,
): { readonly asked: Topic; readonly partitions: Answered[] }[] {
  let next = 0;
  return topics.map((topic) => ({
    asked: topic,
    partitions: topic.partitions.map((partition: Topic['partitions'][number]) => {
      const refused = refusal(partition, topic);
      if (refused !== undefined) return answer(partition, undefined, refused);
      const given = answers[next++];
      if (given === undefined) throw new TypeError('the broker left out a partition that it was asked for');
      return answer(partition, given, 0);
    }),
  }));
}
