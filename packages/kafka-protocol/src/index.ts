// For a listener.

// The messages of Kafka's protocol, in every version that is served.
export { kafkaApis } from './apis/index.ts';
export { type KafkaCodecOptions, kafkaCodec } from './kafka-codec.ts';
export type { KafkaApi } from './schema/kafka-api.ts';
export { MalformedMessage, Reader } from './schema/reader.ts';
export type { Form } from './schema/type.ts';
export { Writer } from './schema/writer.ts';
