import * as z from 'zod/mini';
import { defineApi, failure, natural, text } from '../define-api.ts';

/** A producer id that no one else has, for idempotence; or a higher epoch for the one given. */
export const initProducerId = defineApi(
  z.object({
    transactionalId: z.optional(text),
    transactionTimeoutMs: z.optional(natural),
    producerId: z.optional(natural),
    producerEpoch: z.optional(natural),
  }),
  z.object({ ...failure, producerId: z.optional(natural), producerEpoch: z.optional(natural) }),
);
