import { paths, type Registry } from '@millrace/coordination';
import type { LogDirectory } from '@millrace/log';
import type { World } from '@millrace/runtime';
import { type Failure, failureFrom } from './errors.ts';
import { KeyCheck } from './key-check.ts';
import { partitionLogName, removeLeftoverLog } from './leftover-log.ts';
import type { MetadataView, TopicView, ViewListener } from './metadata-view.ts';
import type { Durability, Partition } from './partition.ts';
import { type LeaderRole, Replica, type ReplicaHost } from './replica.ts';
import { topicSettings } from './topic-config.ts';
import type { LogDefaults } from './topic-config-definitions.ts';

export interface PartitionTableOptions {
  readonly nodeId: number;
  readonly view: MetadataView;
  readonly logs: LogDirectory;
  /** The broker's defaults for logs. */
  readonly logOptions: LogDefaults;
  readonly durability: Durability;
  readonly onAdvance: (partition: Partition) => void;
  /** A topic's partitions here lead, stopped leading, or cannot. */
  readonly onChange: (topicName: string) => void;
}

interface HostedTopic {
  readonly topic: TopicView;
  readonly replicas: (Replica | undefined)[];
}

/** This broker's session: what it may lead under. */
export interface Membership {
  readonly registry: Registry;
  readonly incarnation: number;
}

/**
 * The replicas of this broker, by topic and partition. It obeys the nodes: a partition is led here exactly while its
 * state names this broker and its present incarnation (protocols §B.7), and a log is deleted only when its topic's id is
 * known to be deleted (B.16).
 */
export class PartitionTable implements ViewListener {
  readonly #options: PartitionTableOptions;
  readonly #world: World;
  readonly #host: ReplicaHost;
  readonly #topics = new Map<string, HostedTopic>();
  /** Removals under way, by log name. */
  readonly #removals = new Map<string, Promise<void>>();
  #membership: Membership | undefined;
  #takesRequests = true;

  constructor(options: PartitionTableOptions, world: World) {
    this.#options = options;
    this.#world = world;
    this.#host = {
      logs: options.logs,
      durability: options.durability,
      settings: (topic) => topicSettings(topic.node.config, options.logOptions),
      keys: new KeyCheck(),
      isDeleted: (topicId) => this.#isDeleted(topicId),
      onAdvance: options.onAdvance,
      onChange: (replica) => options.onChange(replica.topic.name),
    };
  }

  /** The partition, if it is led here; `topicId` must then be its topic's. An empty name stands for the topic of that id. */
  find(topic: string, index: number, topicId: string | undefined): Partition | undefined {
    if (!this.#takesRequests) return undefined;
    const hosted = this.#topics.get(topic === '' ? this.#nameOf(topicId) : topic);
    if (hosted === undefined || (topicId !== undefined && hosted.topic.id !== topicId)) return undefined;
    return hosted.replicas[index]?.partition;
  }

  /** Why `find` found nothing. */
  refusal(topic: string, index: number, topicId: string | undefined): Failure {
    const seen = topic === '' && topicId !== undefined ? this.#options.view.topicById(topicId) : undefined;
    const view = seen ?? this.#options.view.topic(topic);
    if (topicId !== undefined && view?.id !== topicId) {
      return { error: 'UNKNOWN_TOPIC_ID', message: `there is no topic '${topic}' of the id ${topicId}` };
    }
    if (view === undefined) {
      return { error: 'UNKNOWN_TOPIC_OR_PARTITION', message: `there is no topic '${topic}'` };
    }
    if (index >= view.partitions.length) {
      return {
        error: 'UNKNOWN_TOPIC_OR_PARTITION',
        message: `topic '${view.name}' has no partition ${index}, but ${view.partitions.length}, counted from 0`,
      };
    }
    return this.#whyNotLed(view, index);
  }

  /** Whether all partitions of the topic have a leader, and those that should be led here are, or cannot be. */
  isServed(topic: TopicView): boolean {
    return topic.partitions.every((state, index) => {
      if (state?.leader === undefined) return false;
      if (state.leader !== this.#options.nodeId) return true;
      return this.#role(topic, index) !== undefined && this.#replica(topic, index)?.isSettled === true;
    });
  }

  /** Whether everything that only this broker can lead is led, or cannot be. */
  isSettled(): boolean {
    return this.#options.view.topics().every((topic) =>
      topic.partitions.every((_, index) => {
        const replicas = topic.node.replicas[index] ?? [];
        if (replicas.length !== 1 || replicas[0] !== this.#options.nodeId) return true;
        return this.#role(topic, index) !== undefined && this.#replica(topic, index)?.isSettled === true;
      }),
    );
  }

  /** A session has begun: leads what the nodes give to this incarnation. */
  join(membership: Membership): void {
    this.#membership = membership;
    this.#followAll();
  }

  /** The session is over: leads nothing. */
  resign(): void {
    this.#membership = undefined;
    this.#followAll();
  }

  /** Takes no more requests and makes all that was appended safe; what waits for that is answered. */
  async drain(): Promise<void> {
    this.#takesRequests = false;
    const partitions = [...this.#topics.values()].flatMap(({ replicas }) =>
      replicas.flatMap((replica) => replica?.partition ?? []),
    );
    await Promise.all(partitions.map((partition) => partition.settle()));
  }

  /** Looks at the logs on disk that no partition here claims: those of deleted topics go, others are reported. */
  async sweep(): Promise<void> {
    const { logs } = this.#options;
    const names = (await logs.names()).filter(
      (name) => partitionLogName.test(name) && !this.#isClaimed(name),
    );
    const isDeleted = (topicId: string) => this.#isDeleted(topicId);
    await Promise.all(
      names.map((name) =>
        this.#remove(name, () => removeLeftoverLog(name, logs, isDeleted, this.#world.logger)),
      ),
    );
  }

  topicChanged(topic: TopicView): void {
    if (topic.node.deleted === true) {
      this.#drop(topic);
      return;
    }
    const hosted = this.#hosted(topic);
    for (const replica of hosted.replicas) replica?.configure();
    for (const index of topic.partitions.keys()) this.#follow(topic, index);
  }

  topicReplaced(topic: TopicView): void {
    this.#drop(topic);
  }

  partitionChanged(topic: TopicView, index: number): void {
    if (topic.node.deleted !== true) this.#follow(topic, index);
  }

  /** The nodes of partitions say who leads. */
  brokersChanged(): void {}

  #followAll(): void {
    for (const { topic } of this.#topics.values()) {
      for (const index of topic.partitions.keys()) this.#follow(topic, index);
    }
  }

  #follow(topic: TopicView, index: number): void {
    this.#replica(topic, index)?.follow(this.#role(topic, index));
    this.#options.onChange(topic.name);
  }

  #role(topic: TopicView, index: number): LeaderRole | undefined {
    const state = topic.partitions[index];
    if (state === undefined || state.leader !== this.#options.nodeId) return undefined;
    if (this.#membership === undefined || state.leaderIncarnation !== this.#membership.incarnation) {
      return undefined;
    }
    return { leaderEpoch: state.leaderEpoch, inSyncReplicas: state.inSync.map(({ nodeId }) => nodeId) };
  }

  #replica(topic: TopicView, index: number): Replica | undefined {
    const hosted = this.#topics.get(topic.name);
    return hosted?.topic === topic ? hosted.replicas[index] : undefined;
  }

  #hosted(topic: TopicView): HostedTopic {
    const known = this.#topics.get(topic.name);
    if (known?.topic === topic) return known;
    const hosted = { topic, replicas: topic.partitions.map((_, index) => this.#makeReplica(topic, index)) };
    this.#topics.set(topic.name, hosted);
    return hosted;
  }

  #makeReplica(topic: TopicView, index: number): Replica | undefined {
    if (!topic.node.replicas[index]?.includes(this.#options.nodeId)) return undefined;
    const after = this.#removals.get(`${topic.name}-${index}`) ?? Promise.resolve();
    return new Replica(topic, index, after, this.#host, this.#world);
  }

  /** The topic is deleted, or gone: its replicas look whether their logs may go. */
  #drop(topic: TopicView): void {
    const { replicas } = this.#hosted(topic);
    if (this.#topics.get(topic.name)?.topic === topic) this.#topics.delete(topic.name);
    for (const replica of replicas) {
      if (replica !== undefined) void this.#remove(replica.name, () => replica.remove());
    }
    this.#options.onChange(topic.name);
  }

  /** Whoever opens a log of this name afterwards waits for the removal. */
  #remove(name: string, remove: () => Promise<void>): Promise<void> {
    const removal = remove()
      .catch((error: unknown) => this.#world.logger.error({ error, log: name }, 'could not delete a log'))
      .finally(() => {
        if (this.#removals.get(name) === removal) this.#removals.delete(name);
      });
    this.#removals.set(name, removal);
    return removal;
  }

  #isClaimed(name: string): boolean {
    const [, topic = '', index] = partitionLogName.exec(name) ?? [];
    return this.#removals.has(name) || this.#topics.get(topic)?.replicas[Number(index)] !== undefined;
  }

  async #isDeleted(topicId: string): Promise<boolean> {
    if (this.#options.view.hasTombstone(topicId)) return true;
    const registry = this.#membership?.registry;
    return registry !== undefined && (await registry.get(paths.deletedTopic(topicId))) !== undefined;
  }

  #nameOf(topicId: string | undefined): string {
    return topicId === undefined ? '' : (this.#options.view.topicById(topicId)?.name ?? '');
  }

  #whyNotLed(topic: TopicView, index: number): Failure {
    const name = `${topic.name}-${index}`;
    const offline = this.#replica(topic, index)?.offline;
    const { nodeId } = this.#options;
    if (offline !== undefined) return { ...failureFrom(offline), error: 'STORAGE_ERROR' };
    const leader = topic.partitions[index]?.leader;
    if (leader === undefined) {
      return { error: 'LEADER_NOT_AVAILABLE', message: `${name} has no leader at the moment` };
    }
    return {
      error: 'NOT_LEADER_OR_FOLLOWER',
      message:
        leader === nodeId
          ? `broker ${nodeId} does not lead ${name} yet, or no more`
          : `${name} is led by broker ${leader}, this is broker ${nodeId}`,
    };
  }
}
