import type { ErrorCode } from '@millrace/protocol';
import { CodedError, codeOf } from '@millrace/runtime';
import { unknownTopicHint } from './closest-topics.ts';

const unknown: ErrorCode = 'UNKNOWN_TOPIC_OR_PARTITION';

/** What answers say of one topic, partition or resource. */
interface Entry {
  readonly error?: ErrorCode;
  readonly message?: string;
  readonly name?: string;
  readonly topic?: string;
}

/** The topic that an error says is not there; undefined when it says something else, or has a hint already. */
export function missingTopic(error: unknown): string | undefined {
  if (codeOf(error) !== unknown || !(error instanceof CodedError)) return undefined;
  const { topic, partition } = error.details ?? {};
  return error.hint === undefined && typeof topic === 'string' && partition === undefined ? topic : undefined;
}

/** The same error with a hint that names the closest of `topics`. */
export function withClosest(error: unknown, topic: string, topics: readonly string[]): Error {
  const { message, details } = error as CodedError;
  return new CodedError(unknown, message, {
    cause: error,
    retriable: true,
    hint: unknownTopicHint(topic, topics),
    ...(details === undefined ? {} : { details }),
  });
}

/** Whether an answer says of something that its topic is not there. */
export function namesMissing(answer: object): boolean {
  return Object.values(answer).some((part) => isEntries(part) && part.some(isMissing));
}

/** The same answer, in which the message of each topic that is not there names the closest of `topics`. */
export function answerWithClosest<Answer extends object>(answer: Answer, topics: readonly string[]): Answer {
  const told = (entry: Entry): Entry => {
    const name = entry.name ?? entry.topic;
    if (!isMissing(entry) || name === undefined || topics.includes(name)) return entry;
    const message = entry.message ?? `there is no topic '${name}'`;
    return { ...entry, message: `${message}; ${unknownTopicHint(name, topics)}` };
  };
  const parts = Object.entries(answer).map(([key, part]) => [key, isEntries(part) ? part.map(told) : part]);
  return Object.fromEntries(parts) as Answer;
}

function isMissing({ error }: Entry): boolean {
  return error === unknown;
}

function isEntries(part: unknown): part is readonly Entry[] {
  return Array.isArray(part) && part.every((entry) => typeof entry === 'object' && entry !== null);
}
