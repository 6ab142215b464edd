import type { Log, LogDirectory, LogHold, LogOptions } from '@millrace/log';
import { hasCode, type World } from '@millrace/runtime';
import type { KeyCheck } from './key-check.ts';
import { foreignOwner, partitionLogName } from './leftover-log.ts';
import type { TopicView } from './metadata-view.ts';
import type { AppendLimits } from './partition.ts';
import type { TopicSettings } from './topic-config-definitions.ts';

/** What the logs of replicas take from the broker they lie in. */
export interface ReplicaLogHost {
  readonly logs: LogDirectory;
  /** INVALID_CONFIG where the topic's node holds what makes no sense. */
  readonly settings: (topic: TopicView) => TopicSettings;
  readonly keys: KeyCheck;
  /** Whether it is known, not guessed, that the topic of this id was deleted. */
  readonly isDeleted: (topicId: string) => Promise<boolean>;
}

/** A log that is open, and what its topic's configuration makes of it. */
export class OpenReplicaLog {
  readonly log: Log;
  /** At the high watermark, also while nobody leads: neither retention nor compaction reaches what lies above. */
  readonly hold: LogHold;
  readonly #keys: KeyCheck;
  #settings: TopicSettings;

  constructor(log: Log, settings: TopicSettings, keys: KeyCheck) {
    this.log = log;
    this.#settings = settings;
    this.#keys = keys;
    // Until somebody leads it, nobody knows how far the high watermark came.
    this.hold = log.hold(log.startOffset);
  }

  /** What is asked of records that come in: all of it, once `limitsKnown` has resolved. */
  get limits(): AppendLimits {
    const { maxBatchBytes } = this.#settings;
    return { maxBatchBytes, keys: this.#isCompacted && this.#keys.isPrepared ? this.#keys : undefined };
  }

  async limitsKnown(): Promise<void> {
    if (this.#isCompacted) await this.#keys.prepare();
  }

  configure(settings: TopicSettings): void {
    this.log.configure(settings);
    this.#settings = settings;
  }

  get #isCompacted(): boolean {
    return this.#settings.cleanupPolicy !== 'delete';
  }
}

/** Where a replica's log lies: in its directory, which is opened only for this topic's id. */
export class ReplicaLog {
  readonly #topic: TopicView;
  readonly #index: number;
  readonly #host: ReplicaLogHost;
  readonly #world: World;
  #opened: OpenReplicaLog | undefined;

  constructor(topic: TopicView, index: number, host: ReplicaLogHost, world: World) {
    this.#topic = topic;
    this.#index = index;
    this.#host = host;
    this.#world = world;
  }

  /** `orders-0` */
  get name(): string {
    return `${this.#topic.name}-${this.#index}`;
  }

  get opened(): OpenReplicaLog | undefined {
    return this.#opened;
  }

  /** The first call opens it. FOREIGN_LOG, INVALID_CONFIG, and what the log says. */
  async open(): Promise<OpenReplicaLog> {
    if (this.#opened !== undefined) return this.#opened;
    const settings = this.#host.settings(this.#topic);
    const log = await this.#openWith({ ...settings, identity: this.#identity });
    this.#opened = new OpenReplicaLog(log, settings, this.#host.keys);
    this.configure(); // it may have changed meanwhile
    return this.#opened;
  }

  /** Applies the topic's configuration, if it is open. What makes no sense is reported, and what held before holds on. */
  configure(): void {
    try {
      this.#opened?.configure(this.#host.settings(this.#topic));
    } catch (error) {
      this.#world.logger.error({ error, log: this.name }, 'the configuration of a topic cannot be applied');
    }
  }

  /** Removes it from the disk, if it is there and this topic's. */
  async delete(): Promise<void> {
    if (this.#opened === undefined && !(await this.#isOnDisk())) return;
    await this.#host.logs.delete(this.name);
    this.#opened = undefined;
  }

  async #openWith(options: LogOptions): Promise<Log> {
    const { logs } = this.#host;
    try {
      return await logs.open(this.name, options);
    } catch (error) {
      if (!hasCode(error, 'FOREIGN_LOG') || !(await this.#isOfDeletedTopic(error))) throw error;
      await logs.delete(this.name);
      return logs.open(this.name, options);
    }
  }

  get #identity(): string {
    return `${this.#topic.id}-${this.#index}`;
  }

  async #isOfDeletedTopic(error: unknown): Promise<boolean> {
    const topicId = partitionLogName.exec(foreignOwner(error) ?? '')?.[1];
    return topicId !== undefined && this.#host.isDeleted(topicId);
  }

  async #isOnDisk(): Promise<boolean> {
    const { logs } = this.#host;
    const names = await logs.names();
    if (!names.includes(this.name)) return false;
    try {
      await logs.open(this.name, { identity: this.#identity });
      return true;
    } catch (error) {
      if (hasCode(error, 'FOREIGN_LOG')) return false;
      throw error;
    }
  }
}
