import { setMaxListeners } from 'node:events';
import {
  brokerNode,
  type NodeFormat,
  partitionNode,
  paths,
  type Registry,
  type RegistryNode,
  topicNode,
} from '@millrace/coordination';
import { hasCode, type World } from '@millrace/runtime';
import type { BrokerView, MetadataView, TopicView } from './metadata-view.ts';

/** After a look that failed: how long until the next. */
const lookAgainMs = 1_000;

/**
 * Keeps a view up to date through one session: a watch for the brokers, one for the names of topics, one for each topic,
 * one for each partition. A node that cannot be read is reported, keeps its last value and costs the others nothing.
 */
export class MetadataFollower {
  readonly #view: MetadataView;
  readonly #registry: Registry;
  readonly #signal: AbortSignal;
  readonly #world: World;
  /** Which topic is followed under each name, and what ends that. */
  readonly #followed = new Map<string, { id: string | undefined; partitions: AbortController }>();

  constructor(view: MetadataView, registry: Registry, signal: AbortSignal, world: World) {
    this.#view = view;
    this.#registry = registry;
    this.#signal = signal;
    setMaxListeners(0, signal); // as many watches end with it as there are nodes
    this.#world = world;
  }

  /** Resolves when all there is was looked at once (or the session is over); goes on until signal or session end. */
  async follow(): Promise<void> {
    await Promise.all([
      this.#watch(paths.brokers, this.#signal, () => this.#lookAtBrokers()),
      this.#watch(paths.topics, this.#signal, () => this.#lookAtTopics()),
    ]);
  }

  async #lookAtBrokers(): Promise<void> {
    const names = await this.#registry.children(paths.brokers);
    const brokers = await Promise.all(names.map((name) => this.#readBroker(`${paths.brokers}/${name}`)));
    if (this.#signal.aborted) return;
    this.#view.setBrokers(brokers.filter((broker) => broker !== undefined));
  }

  async #readBroker(path: string): Promise<BrokerView | undefined> {
    const found = await this.#registry.get(path);
    const node = found && this.#decode(brokerNode, found, path);
    return found && node && { node, incarnation: found.created };
  }

  /** Topic nodes are never removed: a name once seen stays watched. */
  async #lookAtTopics(): Promise<void> {
    const names = await this.#registry.children(paths.topics);
    const added = names.filter((name) => !this.#followed.has(name));
    for (const name of added) {
      this.#followed.set(name, { id: undefined, partitions: new AbortController() });
    }
    await Promise.all(
      added.map((name) => this.#watch(paths.topic(name), this.#signal, () => this.#lookAtTopic(name))),
    );
  }

  async #lookAtTopic(name: string): Promise<void> {
    const path = paths.topic(name);
    const found = await this.#registry.get(path);
    const node = found && this.#decode(topicNode, found, path);
    if (node === undefined || this.#signal.aborted) return;
    const topic = this.#view.setTopic(node);
    const followed = this.#followed.get(name);
    const id = node.deleted === true ? undefined : node.id;
    if (followed?.id === id) return;
    followed?.partitions.abort();
    const partitions = new AbortController();
    this.#followed.set(name, { id, partitions });
    if (id === undefined) return;
    const signal = AbortSignal.any([this.#signal, partitions.signal]);
    setMaxListeners(0, signal); // one watch a partition
    await Promise.all(topic.partitions.map((_, index) => this.#followPartition(topic, index, signal)));
  }

  async #followPartition(topic: TopicView, index: number, signal: AbortSignal): Promise<void> {
    const path = paths.partition(topic.id, index);
    await this.#watch(path, signal, async () => {
      const found = await this.#registry.get(path);
      if (signal.aborted) return;
      const node = found && this.#decode(partitionNode, found, path);
      if (found === undefined || node !== undefined) this.#view.setPartition(topic, index, node);
    });
  }

  /** Resolves after the first look, or when there will be none; looks again whenever the watch says so. */
  #watch(path: string, signal: AbortSignal, look: () => Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#keepLooking(path, signal, async () => {
        await look();
        resolve();
      }).then(resolve, reject);
    });
  }

  async #keepLooking(path: string, signal: AbortSignal, look: () => Promise<void>): Promise<void> {
    while (!signal.aborted && this.#registry.state !== 'expired') {
      try {
        for await (const _ of this.#registry.watch(path, signal)) await look();
        return;
      } catch (error) {
        if (signal.aborted || hasCode(error, 'SESSION_EXPIRED')) return;
        this.#world.logger.warn({ path, error }, 'could not look at a node of the registry; trying again');
        await this.#world.clock.sleep(lookAgainMs, signal).catch(() => {}); // ends with the signal, which the loop sees
      }
    }
  }

  #decode<Value>(format: NodeFormat<Value>, { data }: RegistryNode, path: string): Value | undefined {
    try {
      return format.decode(data, path);
    } catch (error) {
      this.#world.logger.error(
        { path, error },
        'a node of the registry cannot be read; keeping what was seen before',
      );
      return undefined;
    }
  }
}
