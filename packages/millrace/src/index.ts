// The front door: a broker, and a client for it.
export { type Broker, type BrokerConfig, type ListenerConfig, startBroker } from '@millrace/broker';
// What a client hands out.
export type { Consumer, ConsumerOptions, ConsumerRecord, From } from '@millrace/consumer';
export {
  ByteBufferMessageSet,
  type Bytes,
  type Delivery,
  Message,
  type Producer,
  type ProducerOptions,
  type ProducerRecord,
} from '@millrace/producer';
// Serdes, and what records are.
export {
  bytes,
  type Compression,
  type Decoder,
  type Encoder,
  isUndecodable,
  json,
  lenient,
  type RecordHeader,
  type Serde,
  type StandardSchema,
  text,
  type Undecodable,
} from '@millrace/record';
export { CodedError, hasCode } from '@millrace/runtime';
export { type Client, connect } from './connect.ts';
export { type Metrics, type MetricsOptions, prometheusMetrics } from './metrics/prometheus.ts';
export type { ConnectOptions } from './open-cluster-to.ts';
export type { NewTopic } from './topic-admin.ts';
export { version } from './version.ts';
