import type { ExplainedCode } from './error-codes.ts';
import type { Explanation } from './explanation.ts';

/** Who reads what, and how far. */
export const groupExplanations = {
  GROUPS_NEED_REGISTRY: {
    meaning: 'This client cannot take part in a group.',
    why: 'Groups live in the registry, and the brokers keep none for their clients: it is elsewhere, as in ZooKeeper.',
    cure: 'Give the cluster the registry that the brokers use, or read given partitions: consumer({ partitions }).',
    retry: 'No.',
    from: 'client.consumer({ group }).',
  },
  NO_GROUP: {
    meaning: 'A consumer without a group was asked to keep its place.',
    why: 'Offsets are committed for a group; this consumer was given partitions instead.',
    cure: 'Give it a group, or keep the offsets together with what you make of the records.',
    retry: 'No.',
    from: 'consumer.commit and createMessageStreams.',
  },
  NOT_ASSIGNED: {
    meaning: 'The consumer does not read that partition at the moment.',
    why: 'The partition is another member’s, was taken away a moment ago, or was never asked for.',
    cure: 'Ask only about the partitions that the consumer has now.',
    retry: 'No, unless the partition comes back.',
    from: 'seek, pause and others that name a partition.',
  },
  ALREADY_SUBSCRIBED: {
    meaning: 'The consumer reads something else already.',
    why: 'createMessageStreams was called twice, or on a consumer that was made with topics.',
    cure: 'Make one consumer for each set of topics.',
    retry: 'No.',
    from: 'consumer.createMessageStreams.',
  },
  CONSUMER_CLOSED: {
    meaning: 'A consumer was used after it was closed.',
    why: 'close() came before the last call, or its signal was aborted.',
    cure: 'Make another consumer: in a group it goes on where this one was.',
    retry: 'No, not with this consumer.',
    from: 'Every call of a consumer after close().',
  },
  GROUP_NOT_FOUND: {
    meaning: 'There is no group of that name.',
    why: 'A slip of the pen, another broker than the one meant, or a group that has not read anything yet.',
    cure: '`millrace group ls` lists what is there.',
    retry: 'No, unless a consumer joins the group.',
    from: 'Looking at a group, and changing or deleting it.',
  },
  INVALID_GROUP: {
    meaning: 'This cannot be the name of a group.',
    why: 'It is empty, too long, or not well-formed text.',
    cure: 'Choose another name.',
    retry: 'No.',
    from: 'client.consumer({ group }) and describing a group.',
  },
  NON_EMPTY_GROUP: {
    meaning: 'A group that has members cannot be deleted.',
    why: 'Its consumers still run.',
    cure: 'Stop its consumers first.',
    retry: 'Yes, once they have left.',
    from: 'Deleting a group.',
  },
} satisfies { readonly [Code in ExplainedCode]?: Explanation };
