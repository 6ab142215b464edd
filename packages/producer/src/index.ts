// For users.
export type { Bytes, Delivery, Partitioner, ProducerOptions, ProducerRecord } from './config.ts';
export type { ProducerErrorCode } from './errors.ts';
// The API of the slides.
export { ByteBufferMessageSet, Message } from './message-set.ts';
// Where keys go.
export { murmur2Partitioner } from './partitioner.ts';
export { createProducer, type Producer } from './producer.ts';
