import {
  brokerNode,
  type NodeFormat,
  type PartitionNode,
  partitionNode,
  paths,
  type Registry,
  type TopicNode,
  topicNode,
} from '@millrace/coordination';
import { hasCode } from '@millrace/runtime';
import { formatAddress } from './broker-addresses.ts';
import {
  type ClusterDescription,
  describeCluster,
  type KnownTopic,
  type LiveBroker,
  type PartitionState,
} from './cluster-description.ts';

/** A cluster by its registry alone: also when no broker is there. What cannot be read is listed, and costs the rest nothing. */
export async function registeredCluster(registry: Registry, now: number): Promise<ClusterDescription> {
  const nodes = new NodeReader(registry);
  const [clusterId, controller, brokers, topics] = await Promise.all([
    nodes.text(paths.clusterId),
    nodes.text(paths.controller),
    liveBrokers(nodes),
    knownTopics(nodes),
  ]);
  return {
    ...(clusterId === undefined ? {} : { clusterId }),
    ...(controller === undefined ? {} : { controller: Number(controller) }),
    ...describeCluster(brokers, topics, now),
    unreadable: nodes.unreadable.toSorted((left, right) => (left.path < right.path ? -1 : 1)),
  };
}

async function liveBrokers(nodes: NodeReader): Promise<LiveBroker[]> {
  const names = await nodes.registry.children(paths.brokers);
  const brokers = await Promise.all(
    names.map(async (name) => {
      const found = await nodes.read(`${paths.brokers}/${name}`, brokerNode);
      if (found === undefined) return [];
      const { endpoints, ...rest } = found.value;
      return [
        { ...rest, addresses: Object.values(endpoints).map(formatAddress), incarnation: found.created },
      ];
    }),
  );
  return brokers.flat();
}

async function knownTopics(nodes: NodeReader): Promise<KnownTopic[]> {
  const names = await nodes.registry.children(paths.topics);
  const topics = await Promise.all(
    names.map(async (name) => {
      const found = await nodes.read(paths.topic(name), topicNode);
      return found === undefined || found.value.deleted === true
        ? []
        : [await knownTopic(nodes, found.value)];
    }),
  );
  return topics.flat();
}

async function knownTopic(nodes: NodeReader, { id, name, replicas }: TopicNode): Promise<KnownTopic> {
  const partitions = await Promise.all(
    replicas.map(async (ids, index) => {
      const found = await nodes.read(paths.partition(id, index), partitionNode);
      return partitionState(found?.value, ids);
    }),
  );
  return { name, topicId: id, partitions };
}

/** The replicas alone where nobody has led it yet. */
function partitionState(node: PartitionNode | undefined, replicas: readonly number[]): PartitionState {
  if (node === undefined) return { replicas, inSyncReplicas: [] };
  const { leader, leaderEpoch, inSync, since } = node;
  return {
    ...(leader === undefined ? {} : { leader }),
    leaderEpoch,
    replicas,
    inSyncReplicas: inSync.map(({ nodeId }) => nodeId),
    ...(since === undefined ? {} : { since }),
  };
}

class NodeReader {
  readonly registry: Registry;
  readonly unreadable: { path: string; reason: string }[] = [];

  constructor(registry: Registry) {
    this.registry = registry;
  }

  async text(path: string): Promise<string | undefined> {
    const found = await this.registry.get(path);
    return found && Buffer.from(found.data).toString();
  }

  /** Nothing where there is no node, or one that cannot be read. */
  async read<Value>(
    path: string,
    format: NodeFormat<Value>,
  ): Promise<{ value: Value; created: number } | undefined> {
    const found = await this.registry.get(path);
    if (found === undefined) return undefined;
    try {
      return { value: format.decode(found.data, path), created: found.created };
    } catch (error) {
      if (!hasCode(error, 'BAD_NODE')) throw error;
      this.unreadable.push({ path, reason: error.message.replace(`${path}: `, '') });
      return undefined;
    }
  }
}
