import type { ConsumerRecord } from './config.ts';

/** A message as the slides have it. */
export interface StreamMessage {
  /** The bytes, as they were sent; empty for a tombstone. A view of what was fetched: copy what outlives the next message. */
  payload(): Buffer;
}

/** The slides' iteration over messages: one of several streams of a topic, each partition feeding exactly one. */
export interface MessageStream extends AsyncIterable<StreamMessage> {}

const empty = Buffer.alloc(0);

export function messageStream(records: () => AsyncIterator<ConsumerRecord>): MessageStream {
  return {
    [Symbol.asyncIterator]() {
      const iterator = records();
      return {
        next: async () => {
          const { value, done } = await iterator.next();
          if (done === true) return { value: undefined, done: true };
          const payload = value.value ?? empty;
          return { value: { payload: () => payload }, done: false };
        },
        return: async () => {
          await iterator.return?.();
          return { value: undefined, done: true };
        },
      };
    },
  };
}
