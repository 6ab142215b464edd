import type { NodeAddress, ResponseOf } from '@millrace/protocol';

type Metadata = ResponseOf<'metadata'>;
type TopicMetadata = Metadata['topics'][number];

export interface KnownLeader {
  readonly node: NodeAddress;
  readonly leaderEpoch: number | undefined;
}

/** What brokers said about themselves and their topics, and when. */
export class MetadataCache {
  readonly #maxAgeMs: number;
  #nodes: ReadonlyMap<number, NodeAddress> = new Map();
  readonly #topics = new Map<string, { readonly topic: TopicMetadata; readonly at: number }>();

  constructor(maxAgeMs: number) {
    this.#maxAgeMs = maxAgeMs;
  }

  get nodes(): readonly NodeAddress[] {
    return [...this.#nodes.values()];
  }

  /** `now`: monotonic ms. Topics with an error are not kept. */
  take(metadata: Metadata, now: number): void {
    this.#nodes = new Map(metadata.brokers.map((broker) => [broker.nodeId, broker]));
    for (const topic of metadata.topics) {
      if (topic.error === 'NONE' && topic.partitions.length > 0)
        this.#topics.set(topic.name, { topic, at: now });
      else this.#topics.delete(topic.name);
    }
  }

  forget(topic: string): void {
    this.#topics.delete(topic);
  }

  partitionsOf(topic: string, now: number): number | undefined {
    return this.#fresh(topic, now)?.partitions.length;
  }

  leaderOf(topic: string, partition: number, now: number): KnownLeader | undefined {
    const known = this.#fresh(topic, now)?.partitions.find((one) => one.partition === partition);
    const node = known?.leader === undefined ? undefined : this.#nodes.get(known.leader);
    return node === undefined ? undefined : { node, leaderEpoch: known?.leaderEpoch };
  }

  #fresh(topic: string, now: number): TopicMetadata | undefined {
    const known = this.#topics.get(topic);
    if (known === undefined || now - known.at > this.#maxAgeMs) return undefined;
    return known.topic;
  }
}
