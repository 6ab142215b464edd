import type { RequestOf, ResponseOf } from '@millrace/protocol';
import { failureFrom } from '../errors.ts';
import type { ProducerIds } from '../producer-ids.ts';

/** Producer epochs are int16; the last is kept for fencing, as in Kafka. */
const lastEpoch = 0x7fff - 1;

/** A new producer id with epoch 0, or for the one given the next epoch (a new id when its epochs are used up). */
export function initProducerIdHandler(ids: ProducerIds) {
  return async ({
    transactionalId,
    producerId,
    producerEpoch,
  }: RequestOf<'initProducerId'>): Promise<ResponseOf<'initProducerId'>> => {
    if (transactionalId !== undefined) {
      return { error: 'INVALID_REQUEST', message: 'this broker takes no transactions' };
    }
    if (producerId !== undefined && producerEpoch !== undefined && producerEpoch < lastEpoch) {
      return { error: 'NONE', producerId, producerEpoch: producerEpoch + 1 };
    }
    try {
      return { error: 'NONE', producerId: await ids.next(), producerEpoch: 0 };
    } catch (error) {
      return failureFrom(error);
    }
  };
}
