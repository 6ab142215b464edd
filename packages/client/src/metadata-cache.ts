import type { NodeAddress, ResponseOf } from '@millrace/protocol';
import type { World } from '@millrace/runtime';
import type { AnyBroker } from './any-broker.ts';
import { checkMetadata, type TopicMetadata } from './check-metadata.ts';
import type { Connections } from './connections.ts';
import { clientError } from './errors.ts';

/** A broker that is known by its id. */
type Node = NodeAddress & { readonly nodeId: number };

interface KnownTopic {
  readonly topic: TopicMetadata;
  /** On the monotonic clock, ms. */
  readonly askedAt: number;
}

/** What brokers said of topics and of each other, asked for once and again when it was forgotten or has grown old. */
export class MetadataCache {
  readonly #anyBroker: AnyBroker;
  readonly #connections: Connections;
  readonly #maxAgeMs: number;
  readonly #world: World;
  readonly #topics = new Map<string, KnownTopic>();
  readonly #asking = new Map<string, Promise<TopicMetadata>>();
  #nodes = new Map<number, Node>();

  constructor(anyBroker: AnyBroker, connections: Connections, options: { maxAgeMs: number; world: World }) {
    this.#anyBroker = anyBroker;
    this.#connections = connections;
    this.#maxAgeMs = options.maxAgeMs;
    this.#world = options.world;
  }

  /** Rejects with the error the broker gives for the topic; it is then not remembered. */
  topic(name: string, { create }: { create: boolean }): Promise<TopicMetadata> {
    const known = this.#fresh(name);
    if (known !== undefined) return Promise.resolve(known);
    const key = `${create ? 'create' : 'find'} ${name}`;
    let asking = this.#asking.get(key);
    if (asking === undefined) {
      asking = this.#ask(name, create).finally(() => this.#asking.delete(key));
      this.#asking.set(key, asking);
    }
    return asking;
  }

  /** Who leads the partition as far as is known; nothing when it must be asked. */
  leaderIn(
    name: string,
    partition: number,
  ): { readonly node: Node; readonly leaderEpoch: number | undefined } | undefined {
    const described = this.#fresh(name)?.partitions[partition];
    if (described?.leader === undefined) return undefined;
    const node = this.#nodes.get(described.leader);
    return node === undefined ? undefined : { node, leaderEpoch: described.leaderEpoch };
  }

  forget(name: string): void {
    this.#topics.delete(name);
  }

  async names(): Promise<readonly string[]> {
    const { topics } = await this.#request(undefined, false);
    return topics.filter(({ error }) => error === 'NONE').map(({ name }) => name);
  }

  async controller(): Promise<NodeAddress | undefined> {
    const { controllerId } = await this.#request([], false);
    return controllerId === undefined ? undefined : this.#nodes.get(controllerId);
  }

  async #ask(name: string, create: boolean): Promise<TopicMetadata> {
    const { topics } = await this.#request([name], create);
    const topic = topics[0];
    if (topic === undefined || topic.error !== 'NONE') {
      const code = topic?.error ?? 'UNKNOWN_TOPIC_OR_PARTITION';
      throw clientError(code, topic?.message ?? `topic '${name}': ${code}`, { details: { topic: name } });
    }
    this.#topics.set(name, { topic, askedAt: this.#world.clock.monotonic() });
    return topic;
  }

  async #request(
    topics: readonly string[] | undefined,
    allowAutoCreate: boolean,
  ): Promise<ResponseOf<'metadata'>> {
    const connection = await this.#anyBroker.connection();
    const answer = await connection.call('metadata', {
      ...(topics === undefined ? {} : { topics: [...topics] }),
      ...(allowAutoCreate ? { allowAutoCreate } : {}),
    });
    const checked = checkMetadata(answer, topics);
    await this.#learn(checked.brokers);
    return checked;
  }

  async #learn(brokers: ResponseOf<'metadata'>['brokers']): Promise<void> {
    this.#nodes = new Map(brokers.map((node) => [node.nodeId, node]));
    for (const node of brokers) {
      const isAlone = !brokers.some(
        (other) => other !== node && other.host === node.host && other.port === node.port,
      );
      if (isAlone) this.#connections.adopt(node);
    }
    this.#anyBroker.know(brokers);
    // An answer without brokers would cut us off; the connection it came by is still good.
    if (brokers.length > 0) await this.#connections.keepOnly([...brokers, ...this.#anyBroker.bootstrap]);
  }

  #fresh(name: string): TopicMetadata | undefined {
    const known = this.#topics.get(name);
    if (known === undefined) return undefined;
    return this.#world.clock.monotonic() - known.askedAt < this.#maxAgeMs ? known.topic : undefined;
  }
}
