import type { WireCodec } from '@millrace/protocol';
import { KafkaClientCodec } from './client/client-codec.ts';
import { questions } from './questions/index.ts';
import { Writer } from './schema/writer.ts';
import { KafkaServerCodec } from './server-codec.ts';

export interface KafkaCodecOptions {
  /** The largest request that is taken; default 100 MiB, as Kafka's `socket.request.max.bytes`. */
  readonly maxFrameBytes?: number;
}

/**
 * Kafka's protocol, both ways: for a listener (`listeners: [{ port: 9092, codec: kafkaCodec() }]`), and for a client of an
 * Apache Kafka (`connect('kafka:9092', { codec: kafkaCodec() })`). One value serves all connections.
 */
export function kafkaCodec({ maxFrameBytes = 100 * 1024 * 1024 }: KafkaCodecOptions = {}): WireCodec {
  const writer = new Writer();
  return {
    name: 'kafka',
    ordered: true,
    endsOnSilentFailure: true,
    hasRegistry: false,
    server: (answered) =>
      new KafkaServerCodec({
        questions: questions.filter(({ asks }) => answered === undefined || answered.has(asks)),
        writer,
        maxFrameBytes,
      }),
    client: ({ clientId }) => new KafkaClientCodec(writer, maxFrameBytes, clientId),
  };
}
