import { apiError } from './errors.ts';
import type { MetadataView } from './metadata-view.ts';
import type { PartitionTable } from './partition-table.ts';
import { type Purgatory, waitUntil } from './purgatory.ts';
import { placeReplicas } from './replica-placement.ts';
import { type TopicConfig, writtenTopicConfig } from './topic-config.ts';
import { checkTopicName } from './topic-name.ts';
import type { Topics } from './topics.ts';

export interface TopicCreatorOptions {
  readonly topics: Topics;
  readonly view: MetadataView;
  readonly table: PartitionTable;
  /** Where those wait who wait for something to happen to a topic, by its name. */
  readonly waits: Purgatory<string>;
}

export interface TopicWish {
  readonly name: string;
  readonly partitions: number;
  readonly replicas: number;
  readonly config: TopicConfig;
  /** Replica ids of each partition, where the caller places them. */
  readonly assignment?: readonly (readonly number[])[] | undefined;
}

const maxPartitions = 10_000;

/** Makes topics out of wishes: checks them, places their partitions on the live brokers, waits until they are led. */
export class TopicCreator {
  readonly #options: TopicCreatorOptions;

  constructor(options: TopicCreatorOptions) {
    this.#options = options;
  }

  /**
   * Where the partitions of such a topic would go. INVALID_TOPIC_EXCEPTION, INVALID_PARTITIONS, INVALID_CONFIG,
   * INVALID_REPLICATION_FACTOR, TOPIC_ALREADY_EXISTS.
   */
  plan({ name, partitions, replicas, config, assignment }: TopicWish): readonly (readonly number[])[] {
    checkTopicName(name);
    writtenTopicConfig(config);
    if (this.#options.view.topic(name) !== undefined) {
      throw apiError('TOPIC_ALREADY_EXISTS', `a topic named '${name}' exists already`);
    }
    const count = assignment?.length ?? partitions;
    if (count < 1 || count > maxPartitions) {
      throw apiError(
        'INVALID_PARTITIONS',
        `'${name}' would have ${count} partitions; it can have 1 to ${maxPartitions}`,
      );
    }
    if (assignment !== undefined) return this.#checkAssignment(name, assignment);
    this.#checkReplicas(name, replicas);
    return placeReplicas(count, replicas, this.#load());
  }

  /** Resolves with the topic's id once every partition has a leader. As `plan`, and REQUEST_TIMED_OUT: it is made, but not led yet. */
  async create(wish: TopicWish, timeoutMs: number): Promise<{ topicId: string; partitions: number }> {
    const { name } = wish;
    const replicas = this.plan(wish);
    const config = writtenTopicConfig(wish.config);
    const topicId = await this.#options.topics.create({ name, replicas, config });
    if (await this.untilServed(name, timeoutMs)) return { topicId, partitions: replicas.length };
    throw apiError(
      'REQUEST_TIMED_OUT',
      `topic '${name}' was made, but not all of its partitions had a leader within ${timeoutMs} ms`,
    );
  }

  /** Whether, within the time, every partition of the topic of that name has a leader. */
  untilServed(name: string, timeoutMs: number): Promise<boolean> {
    const { waits, view, table } = this.#options;
    const isServed = (): boolean => {
      const topic = view.topic(name);
      return topic !== undefined && table.isServed(topic);
    };
    return waitUntil(waits, [name], isServed, timeoutMs);
  }

  #checkReplicas(name: string, replicas: number): void {
    const live = this.#options.view.brokers.size;
    if (replicas < 1 || replicas > live) {
      throw apiError(
        'INVALID_REPLICATION_FACTOR',
        `'${name}' would have ${replicas} replicas of each partition, but there are ${live} brokers`,
      );
    }
    if (replicas > 1) throw oneReplica(name, replicas);
  }

  #checkAssignment(name: string, assignment: readonly (readonly number[])[]): readonly (readonly number[])[] {
    for (const [index, replicas] of assignment.entries()) {
      if (replicas.length > 1) throw oneReplica(name, replicas.length);
      const [nodeId] = replicas;
      if (nodeId !== undefined && this.#options.view.brokers.has(nodeId)) continue;
      throw apiError(
        'INVALID_REPLICATION_FACTOR',
        `partition ${index} of '${name}' would lie on ${nodeId === undefined ? 'no broker' : `broker ${nodeId}, which is not there`}`,
      );
    }
    return assignment;
  }

  /** Replicas that each live broker holds. */
  #load(): Map<number, number> {
    const load = new Map([...this.#options.view.brokers.keys()].map((nodeId) => [nodeId, 0]));
    for (const { node } of this.#options.view.topics()) {
      for (const nodeId of node.replicas.flat()) {
        const held = load.get(nodeId);
        if (held !== undefined) load.set(nodeId, held + 1);
      }
    }
    return load;
  }
}

function oneReplica(name: string, replicas: number): Error {
  return apiError(
    'INVALID_REPLICATION_FACTOR',
    `'${name}' would have ${replicas} replicas of a partition; this version keeps one`,
  );
}
