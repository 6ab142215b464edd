import type { RequestOf, ResponseOf } from '@millrace/protocol';
import { apiError, type Failure, failureFrom } from '../errors.ts';
import type { MetadataView } from '../metadata-view.ts';
import { type Purgatory, waitUntil } from '../purgatory.ts';
import type { Topics } from '../topics.ts';

export interface DeleteTopicsHandlerOptions {
  readonly topics: Topics;
  readonly view: MetadataView;
  readonly waits: Purgatory<string>;
}

/** Sets the tombstones and answers when this broker has seen them; the files go as their brokers see them. */
export function deleteTopicsHandler({ topics, view, waits }: DeleteTopicsHandlerOptions) {
  const remove = async (
    named: string,
    topicId: string | undefined,
    timeoutMs: number,
  ): Promise<Failure | { error: 'NONE' }> => {
    try {
      const name = named === '' ? nameOf(view, topicId) : named;
      const deleted = view.topic(name)?.id;
      await topics.delete(name, topicId);
      const seen = () => deleted === undefined || view.topic(name)?.id !== deleted;
      if (await waitUntil(waits, [name], seen, timeoutMs)) return { error: 'NONE' };
      const message = `topic '${name}' is deleted, but this broker did not see it within ${timeoutMs} ms`;
      return { error: 'REQUEST_TIMED_OUT', message };
    } catch (error) {
      return failureFrom(error);
    }
  };
  return async ({
    topics: wanted,
    timeoutMs,
  }: RequestOf<'deleteTopics'>): Promise<ResponseOf<'deleteTopics'>> => ({
    topics: await Promise.all(
      wanted.map(async ({ name, topicId }) => ({ name, ...(await remove(name, topicId, timeoutMs)) })),
    ),
  });
}

/** An empty name stands for the topic of that id. */
function nameOf(view: MetadataView, topicId: string | undefined): string {
  const topic = topicId === undefined ? undefined : view.topicById(topicId);
  if (topic !== undefined) return topic.name;
  throw apiError('UNKNOWN_TOPIC_ID', `there is no topic of the id ${topicId}`);
}
