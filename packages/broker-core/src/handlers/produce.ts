import type { RequestOf, ResponseOf } from '@millrace/protocol';
import { DelayedProduce } from '../delayed-produce.ts';
import type { Partition } from '../partition.ts';
import type { PartitionTable } from '../partition-table.ts';
import type { Purgatory } from '../purgatory.ts';

export interface ProduceHandlerOptions {
  readonly table: PartitionTable;
  readonly purgatory: Purgatory<Partition>;
  /** Under acks all, fewer than these take no records. */
  readonly minInSyncReplicas: number;
}

/**
 * Reaches the logs in the very turn it is called, so that requests of one connection are appended in the order they came.
 * acks leader answers when the log has the records, acks all when the high watermarks have passed them (a duplicate's
 * too), acks none says nothing that anyone hears.
 */
export function produceHandler({ table, purgatory, minInSyncReplicas }: ProduceHandlerOptions) {
  return (request: RequestOf<'produce'>): Promise<ResponseOf<'produce'>> => {
    const delayed = new DelayedProduce(request, purgatory);
    const { partitions, acks, transactionalId } = request;
    for (let place = 0; place < partitions.length; place++) {
      const wanted = partitions[place];
      if (wanted === undefined) break;
      const { topic, partition: index, batches, topicId } = wanted;
      const partition = table.find(topic, index, topicId);
      if (partition === undefined) {
        delayed.refuse(place, topic, index, table.refusal(topic, index, topicId));
      } else if (transactionalId !== undefined) {
        delayed.refuse(place, topic, index, {
          error: 'INVALID_REQUEST',
          message: 'this broker takes no transactions',
        });
      } else if (acks === 'all' && partition.inSyncReplicas.length < minInSyncReplicas) {
        delayed.refuse(place, topic, index, tooFewReplicas(partition, minInSyncReplicas));
      } else {
        delayed.append(place, partition, batches);
      }
    }
    delayed.through();
    return delayed.answered;
  };
}

function tooFewReplicas({ name, inSyncReplicas }: Partition, wanted: number) {
  return {
    error: 'NOT_ENOUGH_REPLICAS',
    message: `${name} has ${inSyncReplicas.length} replicas in sync, acks all takes ${wanted}`,
  } as const;
}
