import type { ExplainedCode } from './error-codes.ts';
import type { Explanation } from './explanation.ts';

/** What is named, and what it is called. */
export const topicExplanations = {
  TOPIC_NOT_FOUND: {
    meaning: 'The broker has no topic of that name.',
    why: 'A slip of the pen, another broker than the one meant, or a topic that was removed.',
    cure: '`millrace topic ls` lists what is there; `millrace topic create NAME` makes one.',
    retry: 'No, unless somebody makes the topic.',
    from: '`millrace consume` and `millrace topic describe`, `alter` and `rm`.',
  },
  PARTITION_NOT_FOUND: {
    meaning: 'The topic has no partition of that number.',
    why: 'Partitions are counted from 0: a topic with three has 0, 1 and 2.',
    cure: 'Choose a smaller number, or leave --partition out. How many a topic has never changes.',
    retry: 'No.',
    from: '`millrace produce --partition`.',
  },
  PARTITION_OUT_OF_RANGE: {
    meaning: 'A record was sent to a partition that the topic does not have.',
    why: 'Partitions are counted from 0, or a partitioner of your own gave a number that is too large.',
    cure: 'Choose a smaller number, or leave the partition out: then the key decides.',
    retry: 'No.',
    from: 'producer.send({ partition }).',
  },
  UNKNOWN_TOPIC_OR_PARTITION: {
    meaning: 'The broker has no such topic or partition.',
    why: 'The name is wrong, the topic was removed, or it was made a moment ago and this broker has not heard of it.',
    cure: 'Look at the name with `millrace topic ls`, and make the topic where it is missing.',
    retry: 'Yes, when the topic was just made. Clients try for a while before they say so.',
    from: 'Reading, writing, and describing, changing or removing a topic.',
  },
  UNKNOWN_TOPIC_ID: {
    meaning: 'The topic was removed, and perhaps made again under the same name.',
    why: 'A client still knew the topic that was there before.',
    cure: 'Begin again with the new topic: its offsets start at 0.',
    retry: 'Yes: clients ask anew which topic has the name.',
    from: 'Reading, writing and removing a topic.',
  },
  TOPIC_ALREADY_EXISTS: {
    meaning: 'There is a topic of that name.',
    why: 'It was made before, perhaps by the first record that was written to it.',
    cure: 'Use it as it is, change it with `millrace topic alter`, or choose another name.',
    retry: 'No.',
    from: '`millrace topic create` and createTopic.',
  },
  INVALID_TOPIC_EXCEPTION: {
    meaning: 'This cannot be the name of a topic.',
    why: "A name has 1 to 249 of the characters a-z, A-Z, 0-9, '.', '_' and '-', and is not '.' or '..'.",
    cure: 'Choose another name.',
    retry: 'No.',
    from: 'Making a topic, and the first record to a new one.',
  },
  INVALID_NAME: {
    meaning: 'This cannot be the name of a log.',
    why: "A name becomes a directory: 1 to 255 of the characters A-Z, a-z, 0-9, '.', '_' and '-', not '.' or '..'.",
    cure: 'Choose another name.',
    retry: 'No.',
    from: 'openLogDirectory(…).open(name).',
  },
  INVALID_PARTITIONS: {
    meaning: 'A topic cannot have that many partitions.',
    why: 'It has 1 to 10,000 of them.',
    cure: 'Ask for a number in between. Choose well: it stays for ever.',
    retry: 'No.',
    from: '`millrace topic create --partitions` and createTopic.',
  },
  INVALID_REPLICATION_FACTOR: {
    meaning: 'A partition cannot have that many replicas.',
    why: 'There are not so many brokers, or this version keeps one replica only.',
    cure: 'Ask for one replica.',
    retry: 'No.',
    from: 'Making a topic.',
  },
  OFFSET_OUT_OF_RANGE: {
    meaning: 'There is no record at that offset, and it is not the end either.',
    why: 'Retention (retention.ms, retention.bytes) let it go, or it is beyond the newest. The message names both ends.',
    cure: 'Begin at an offset in between, at earliest or at latest.',
    retry: 'No.',
    from: '`millrace consume --from`, a consumer’s seek, and log.read.',
  },
} satisfies { readonly [Code in ExplainedCode]?: Explanation };
