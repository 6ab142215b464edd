// For users.
export { topicDefaults } from '@millrace/broker-core';
export type { BrokerConfig, ListenerConfig } from './config.ts';
export type { BrokerErrorCode } from './errors.ts';
export {
  type RequestEvent,
  type RequestStart,
  requestChannelName,
  requestStartChannelName,
} from './request-channel.ts';
export { type Broker, startBroker } from './start-broker.ts';
