import type { Cluster } from '@millrace/client';
import { offsetsAt } from '../offsets.ts';
import { throwFailure } from '../topic-admin.ts';

export interface TopicDescription {
  readonly name: string;
  readonly topicId: string | undefined;
  readonly partitions: readonly PartitionDescription[];
  readonly config: readonly { readonly name: string; readonly value: string; readonly source: string }[];
}

interface PartitionDescription {
  readonly partition: number;
  /** undefined: none at the moment, and then no offsets either. */
  readonly leader: number | undefined;
  readonly inSyncReplicas: readonly number[];
  readonly start: number | undefined;
  readonly end: number | undefined;
}

/** All that the brokers say of one topic. UNKNOWN_TOPIC_OR_PARTITION. */
export async function describeTopic(cluster: Cluster, name: string): Promise<TopicDescription> {
  const metadata = await cluster.call('metadata', { topics: [name] });
  const topic = metadata.topics[0];
  throwFailure(topic, `topic '${name}' cannot be described`);
  const partitions = topic?.partitions ?? [];
  const led = partitions
    .filter(({ leader }) => leader !== undefined)
    .map(({ partition }) => ({ topic: name, partition }));
  const [starts, ends, configs] = await Promise.all([
    offsetsAt(cluster, led, 'earliest'),
    offsetsAt(cluster, led, 'latest'),
    cluster.call('describeConfigs', { resources: [{ type: 'topic', name }] }),
  ]);
  const described = configs.resources[0];
  throwFailure(described, `the configuration of topic '${name}' cannot be described`);
  return {
    name,
    topicId: topic?.topicId,
    partitions: partitions.map(({ partition, leader, inSyncReplicas }) => ({
      partition,
      leader,
      inSyncReplicas,
      start: starts.find((position) => position.partition === partition)?.offset,
      end: ends.find((position) => position.partition === partition)?.offset,
    })),
    config: (described?.entries ?? []).map((entry) => ({
      name: entry.name,
      value: entry.value,
      source: entry.source,
    })),
  };
}
