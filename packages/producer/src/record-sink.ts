import type { ProducerRecord } from './config.ts';

/** What a sink needs of its producer. */
export interface SinkTarget<Key, Value> {
  /** Settles once the record is acknowledged, has failed, or was taken back by the signal. */
  send(record: ProducerRecord<Key, Value>, signal: AbortSignal): Promise<unknown>;
  /** Resolves once all that was sent to this topic before is in the buffer or has failed. */
  letIn(topic: string): Promise<void>;
  /** Sends what lingers, and resolves once it is settled. */
  flush(): Promise<void>;
}

/** Node's types leave out what is in the standard: it aborts while a write still waits. */
type SinkController = WritableStreamDefaultController & { readonly signal: AbortSignal };

/**
 * A stream that takes the next record as soon as the one before lies in the producer's buffer, so that as many are on
 * their way as the buffer holds. The first record that fails errors the stream, with its error; closing waits until all
 * are acknowledged. Aborting takes back what is not in a batch yet. The producer stays open.
 */
export function recordSink<Key, Value>(
  target: SinkTarget<Key, Value>,
): WritableStream<ProducerRecord<Key, Value>> {
  let failure: { readonly error: unknown } | undefined;
  return new WritableStream<ProducerRecord<Key, Value>>({
    write: async (record, controller) => {
      const { signal } = controller as SinkController;
      target.send(record, signal).catch((error: unknown) => {
        failure ??= { error };
        controller.error(error);
      });
      await target.letIn(record.topic);
    },
    close: async () => {
      await target.flush();
      if (failure !== undefined) throw failure.error;
    },
  });
}
