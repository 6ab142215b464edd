import type { BrokerApi } from '@millrace/protocol';
import type { MetadataView } from '../metadata-view.ts';
import type { Partition } from '../partition.ts';
import type { PartitionTable } from '../partition-table.ts';
import type { ProducerIds } from '../producer-ids.ts';
import type { Purgatory } from '../purgatory.ts';
import type { LogDefaults } from '../topic-config-definitions.ts';
import type { TopicCreator } from '../topic-creator.ts';
import type { Topics } from '../topics.ts';
import { alterConfigsHandler } from './alter-configs.ts';
import { createTopicsHandler } from './create-topics.ts';
import { deleteTopicsHandler } from './delete-topics.ts';
import { describeConfigsHandler } from './describe-configs.ts';
import { fetchHandler } from './fetch.ts';
import { initProducerIdHandler } from './init-producer-id.ts';
import { listOffsetsHandler } from './list-offsets.ts';
import { metadataHandler } from './metadata.ts';
import { offsetForLeaderEpochHandler } from './offset-for-leader-epoch.ts';
import { produceHandler } from './produce.ts';

/** What the handlers are made of. */
export interface HandlerParts {
  readonly nodeId: number;
  readonly view: MetadataView;
  readonly table: PartitionTable;
  readonly topics: Topics;
  readonly creator: TopicCreator;
  readonly producerIds: ProducerIds;
  readonly produces: Purgatory<Partition>;
  readonly fetches: Purgatory<Partition>;
  readonly waits: Purgatory<string>;
  readonly minInSyncReplicas: number;
  readonly logOptions: LogDefaults;
  readonly autoCreateTopics: { readonly partitions: number; readonly replicas: number } | false;
}

const oneOfEach = { partitions: 1, replicas: 1 };

/** What the core answers; who keeps the registry answers what is asked of that, a coordinator what is asked of groups. */
export type CoreApi = Pick<
  BrokerApi,
  | 'produce'
  | 'fetch'
  | 'metadata'
  | 'listOffsets'
  | 'createTopics'
  | 'deleteTopics'
  | 'describeConfigs'
  | 'alterConfigs'
  | 'initProducerId'
  | 'offsetForLeaderEpoch'
>;

/** One handler a question. */
export function createHandlers(parts: HandlerParts): CoreApi {
  const { table, topics, creator, view, waits } = parts;
  return {
    produce: produceHandler({ table, purgatory: parts.produces, minInSyncReplicas: parts.minInSyncReplicas }),
    fetch: fetchHandler({ table, purgatory: parts.fetches }),
    metadata: metadataHandler(parts),
    listOffsets: listOffsetsHandler(table),
    createTopics: createTopicsHandler(creator, parts.autoCreateTopics || oneOfEach),
    deleteTopics: deleteTopicsHandler({ topics, view, waits }),
    describeConfigs: describeConfigsHandler(parts),
    alterConfigs: alterConfigsHandler(topics),
    initProducerId: initProducerIdHandler(parts.producerIds),
    offsetForLeaderEpoch: offsetForLeaderEpochHandler(table),
  };
}
