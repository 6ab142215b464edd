import type { BrokerNode, PartitionNode, TopicNode } from '@millrace/coordination';

/** A live broker. */
export interface BrokerView {
  readonly node: BrokerNode;
  readonly incarnation: number;
}

/** A topic as last seen; another id under the same name is another view. */
export interface TopicView {
  readonly id: string;
  readonly name: string;
  /** Replaced when configuration or tombstone change. */
  node: TopicNode;
  /** By partition; undefined: no state node was seen yet. */
  readonly partitions: (PartitionNode | undefined)[];
}

/** Who looks again when something changed. Called in the turn in which it was seen. */
export interface ViewListener {
  /** The node of a topic: new, another configuration, a tombstone. */
  topicChanged(topic: TopicView): void;
  /** The name now stands for another topic. */
  topicReplaced(topic: TopicView): void;
  partitionChanged(topic: TopicView, index: number): void;
  brokersChanged(): void;
}

/**
 * What the registry said of brokers, topics and partitions when it was last looked at. Answers are made from this;
 * decisions by compare-and-set on fresh reads, never on this.
 */
export class MetadataView {
  readonly #brokers = new Map<number, BrokerView>();
  readonly #topics = new Map<string, TopicView>();
  readonly #byId = new Map<string, TopicView>();
  readonly #listeners: ViewListener[] = [];
  clusterId = '';
  /** The broker that holds the office of controller. */
  controllerId: number | undefined;

  listen(listener: ViewListener): void {
    this.#listeners.push(listener);
  }

  /** Live brokers by node id. */
  get brokers(): ReadonlyMap<number, BrokerView> {
    return this.#brokers;
  }

  /** Every topic, without the deleted. */
  topics(): TopicView[] {
    return [...this.#topics.values()].filter(({ node }) => node.deleted !== true);
  }

  topic(name: string): TopicView | undefined {
    const topic = this.#topics.get(name);
    return topic?.node.deleted === true ? undefined : topic;
  }

  topicById(id: string): TopicView | undefined {
    const topic = this.#byId.get(id);
    return topic?.node.deleted === true ? undefined : topic;
  }

  /** Topics with a tombstone: the name is free, the files may go. */
  tombstones(): TopicView[] {
    return [...this.#topics.values()].filter(({ node }) => node.deleted === true);
  }

  hasTombstone(topicId: string): boolean {
    return this.#byId.get(topicId)?.node.deleted === true;
  }

  setBrokers(live: Iterable<BrokerView>): void {
    this.#brokers.clear();
    for (const broker of live) this.#brokers.set(broker.node.nodeId, broker);
    for (const listener of this.#listeners) listener.brokersChanged();
  }

  setTopic(node: TopicNode): TopicView {
    const seen = this.#topics.get(node.name);
    const topic = seen?.id === node.id ? seen : this.#replace(seen, node);
    topic.node = node;
    for (const listener of this.#listeners) listener.topicChanged(topic);
    return topic;
  }

  setPartition(topic: TopicView, index: number, node: PartitionNode | undefined): void {
    topic.partitions[index] = node;
    for (const listener of this.#listeners) listener.partitionChanged(topic, index);
  }

  #replace(seen: TopicView | undefined, node: TopicNode): TopicView {
    const topic: TopicView = {
      id: node.id,
      name: node.name,
      node,
      partitions: node.replicas.map(() => undefined),
    };
    this.#topics.set(node.name, topic);
    this.#byId.set(node.id, topic);
    if (seen === undefined) return topic;
    this.#byId.delete(seen.id);
    for (const listener of this.#listeners) listener.topicReplaced(seen);
    return topic;
  }
}
