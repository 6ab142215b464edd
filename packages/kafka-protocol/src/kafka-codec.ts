import type { ListenerCodec } from '@millrace/protocol';
import { questions } from './questions/index.ts';
import { Writer } from './schema/writer.ts';
import { KafkaServerCodec } from './server-codec.ts';

export interface KafkaCodecOptions {
  /** The largest request that is taken; default 100 MiB, as Kafka's `socket.request.max.bytes`. */
  readonly maxFrameBytes?: number;
}

/** Kafka's protocol for a listener: `listeners: [{ port: 9092, codec: kafkaCodec() }]`. One value serves all connections. */
export function kafkaCodec({ maxFrameBytes = 100 * 1024 * 1024 }: KafkaCodecOptions = {}): ListenerCodec {
  const writer = new Writer();
  return {
    name: 'kafka',
    ordered: true,
    endsOnSilentFailure: true,
    server: (answered) =>
      new KafkaServerCodec({
        questions: questions.filter(({ asks }) => answered === undefined || answered.has(asks)),
        writer,
        maxFrameBytes,
      }),
  };
}
