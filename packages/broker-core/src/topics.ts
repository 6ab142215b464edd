import { paths, type Registry, type RegistryNode, type TopicNode, topicNode } from '@millrace/coordination';
import type { Random } from '@millrace/runtime';
import { tryCreate, trySet, type Writer } from './compare-and-set.ts';
import { apiError } from './errors.ts';
import { changeTopicConfig, type TopicConfig } from './topic-config.ts';

/** A topic to be. */
export interface NewTopic {
  readonly name: string;
  readonly replicas: readonly (readonly number[])[];
  readonly config: TopicConfig;
}

/** Creates, changes and deletes topics: each is one compare-and-set on the topic's node, by whichever broker was asked. */
export class Topics {
  readonly #session: () => Registry;
  readonly #writer: Writer;
  readonly #random: Random;

  /** `session`: the present one; throws when there is none. */
  constructor(session: () => Registry, writer: Writer, random: Random) {
    this.#session = session;
    this.#writer = writer;
    this.#random = random;
  }

  /** Returns the new topic's id. TOPIC_ALREADY_EXISTS. */
  async create({ name, replicas, config }: NewTopic): Promise<string> {
    const registry = this.#session();
    const path = paths.topic(name);
    const node: TopicNode = { id: this.#random.uuid(), name, replicas, config, writer: this.#writer() };
    const found = await registry.get(path);
    const made =
      found === undefined
        ? await tryCreate(registry, path, topicNode.encode(node))
        : await this.#replaceTombstone(registry, found, node);
    if (!made) throw apiError('TOPIC_ALREADY_EXISTS', `a topic named '${name}' exists already`);
    return node.id;
  }

  /** Sets the tombstone. UNKNOWN_TOPIC_OR_PARTITION, UNKNOWN_TOPIC_ID. */
  async delete(name: string, topicId: string | undefined): Promise<void> {
    await this.#change(name, (node) => {
      if (topicId !== undefined && topicId !== node.id) {
        throw apiError('UNKNOWN_TOPIC_ID', `topic '${name}' has the id ${node.id}, not ${topicId}`);
      }
      return { ...node, deleted: true };
    });
  }

  /** Changes the named entries and leaves the others. UNKNOWN_TOPIC_OR_PARTITION, INVALID_CONFIG. */
  async configure(
    name: string,
    changes: readonly { name: string; value?: string | undefined }[],
    options: { validateOnly: boolean },
  ): Promise<void> {
    if (options.validateOnly) {
      const { node } = await this.#read(name);
      changeTopicConfig(node.config, changes);
      return;
    }
    await this.#change(name, (node) => ({ ...node, config: changeTopicConfig(node.config, changes) }));
  }

  async #change(name: string, change: (node: TopicNode) => TopicNode): Promise<void> {
    for (;;) {
      const { registry, node, version } = await this.#read(name);
      const changed = { ...change(node), writer: this.#writer() };
      if (await trySet(registry, paths.topic(name), topicNode.encode(changed), version)) return;
    }
  }

  async #read(name: string): Promise<{ registry: Registry; node: TopicNode; version: number }> {
    const registry = this.#session();
    const path = paths.topic(name);
    const found = await registry.get(path);
    const node = found && topicNode.decode(found.data, path);
    if (found === undefined || node === undefined || node.deleted === true) {
      throw apiError('UNKNOWN_TOPIC_OR_PARTITION', `there is no topic '${name}'`);
    }
    return { registry, node, version: found.version };
  }

  /** So that a broker that was away still learns of the deletion, the old id is written down before the name is taken again. */
  async #replaceTombstone(registry: Registry, found: RegistryNode, node: TopicNode): Promise<boolean> {
    const path = paths.topic(node.name);
    const old = topicNode.decode(found.data, path);
    if (old.deleted !== true) return false;
    await tryCreate(registry, paths.deletedTopic(old.id), Buffer.from(old.name));
    return trySet(registry, path, topicNode.encode(node), found.version);
  }
}
