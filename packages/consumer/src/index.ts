// For users.
export type { ConsumerOptions, ConsumerRecord, From, GroupOptions, PartitionsOptions } from './config.ts';
export type { Consumer } from './consumer.ts';
export {
  type CoordinatorGroupsOptions,
  coordinatorGroups,
} from './coordinator-groups/coordinator-groups.ts';
export { createConsumer } from './create-consumer.ts';
export type { ConsumerErrorCode } from './errors.ts';
export type { ForEachOptions, Handler } from './for-each.ts';
// The API of the slides.
export type { MessageStream, StreamMessage } from './message-stream.ts';
