import * as z from 'zod/mini';
import { defineApi, failure, flag, list, natural, text } from '../define-api.ts';

/**
 * Brokers, as reached through the listener asked, and topics with the leaders of their partitions. No `topics`: all.
 * A topic that is not there is created when `allowAutoCreate` is set and the broker allows it.
 */
export const metadata = defineApi(
  z.object({
    topics: z.optional(list(text)),
    allowAutoCreate: z.optional(flag),
    /** More topics, by id; none is created. UNKNOWN_TOPIC_ID, with an empty name. */
    topicIds: z.optional(list(text)),
  }),
  z.object({
    clusterId: text,
    controllerId: z.optional(natural),
    brokers: list(
      z.object({
        nodeId: natural,
        host: text,
        port: natural,
        /** Tells it from the same broker before it was last started. */
        incarnation: z.optional(natural),
        /** When it joined, ms since the epoch by its own clock. */
        since: z.optional(natural),
      }),
    ),
    topics: list(
      z.object({
        name: text,
        ...failure,
        topicId: z.optional(text),
        partitions: list(
          z.object({
            partition: natural,
            error: failure.error,
            leader: z.optional(natural),
            leaderEpoch: z.optional(natural),
            replicas: list(natural),
            inSyncReplicas: list(natural),
            /** When the leader was chosen or lost, ms since the epoch by the clock of the controller. */
            since: z.optional(natural),
          }),
        ),
      }),
    ),
  }),
);
