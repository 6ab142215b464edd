import type { Log, LogDirectory } from '@millrace/log';
import { CodedError, hasCode, type World } from '@millrace/runtime';
import type { BrokerCoreErrorCode } from './errors.ts';
import { foreignOwner, partitionLogName } from './leftover-log.ts';
import type { TopicView } from './metadata-view.ts';
import { type Durability, Partition } from './partition.ts';
import type { TopicSettings } from './topic-config.ts';

/** What replicas take from the broker they live in. */
export interface ReplicaHost {
  readonly logs: LogDirectory;
  readonly durability: Durability;
  readonly settings: (topic: TopicView) => TopicSettings;
  /** Whether it is known, not guessed, that the topic of this id was deleted. */
  readonly isDeleted: (topicId: string) => Promise<boolean>;
  readonly onAdvance: (partition: Partition) => void;
  /** It leads, stopped leading, or cannot. */
  readonly onChange: (replica: Replica) => void;
}

/** What the partition's state node wants of this broker. */
export interface LeaderRole {
  readonly leaderEpoch: number;
  readonly inSyncReplicas: readonly number[];
}

/** After a log could not be opened for want of space or descriptors. */
const openAgainMs = 1_000;

/**
 * This broker's copy of a partition: the log in its directory, which is opened only for this topic's id, and the
 * partition while it is led here. It follows the wanted role: giving up leadership is immediate, taking it over goes
 * through the disk.
 */
export class Replica {
  readonly topic: TopicView;
  readonly index: number;
  readonly #host: ReplicaHost;
  readonly #world: World;
  /** The removal of an earlier topic's log of the same name. */
  readonly #after: Promise<void>;
  #log: Log | undefined;
  #wanted: LeaderRole | undefined;
  #partition: Partition | undefined;
  #offline: Error | undefined;
  #following: Promise<void> | undefined;
  #removed = false;

  constructor(topic: TopicView, index: number, after: Promise<void>, host: ReplicaHost, world: World) {
    this.topic = topic;
    this.index = index;
    this.#after = after;
    this.#host = host;
    this.#world = world;
  }

  /** The name of its log: `orders-0`. */
  get name(): string {
    return `${this.topic.name}-${this.index}`;
  }

  /** While it leads. */
  get partition(): Partition | undefined {
    return this.#partition;
  }

  /** Why it cannot lead although it should. */
  get offline(): Error | undefined {
    return this.#offline;
  }

  /** Whether it does what is wanted of it, or has given up on it for now. */
  get isSettled(): boolean {
    return this.#wanted === undefined || this.#partition !== undefined || this.#offline !== undefined;
  }

  /** Leads under this epoch, or (`undefined`) nothing. */
  follow(role: LeaderRole | undefined): void {
    if (this.#wanted?.leaderEpoch !== role?.leaderEpoch) this.#offline = undefined;
    this.#wanted = role;
    if (this.#partition !== undefined && this.#partition.leaderEpoch === role?.leaderEpoch) {
      this.#partition.inSyncReplicas = role.inSyncReplicas;
      return;
    }
    this.#stepDown();
    this.#converge();
  }

  /** Applies the topic's configuration to the open log. */
  configure(): void {
    if (this.#log === undefined) return;
    const settings = this.#host.settings(this.topic);
    this.#log.configure(settings);
    if (this.#partition !== undefined) this.#partition.maxBatchBytes = settings.maxBatchBytes;
  }

  /** Deletes the log, if the topic is known to be deleted and the directory is this topic's; else keeps it and says so. */
  async remove(): Promise<void> {
    this.follow(undefined);
    this.#removed = true;
    await this.#following;
    await this.#after;
    if (!(await this.#host.isDeleted(this.topic.id))) {
      this.#world.logger.error(
        { log: this.name },
        'kept a log whose topic is gone without having been deleted',
      );
      await this.#log?.close(); // so that the next topic of the name finds out whose it is
      return;
    }
    if (this.#log === undefined && !(await this.#isOnDisk())) return;
    await this.#host.logs.delete(this.name);
    this.#log = undefined;
  }

  #stepDown(): void {
    const partition = this.#partition;
    this.#partition = undefined;
    partition?.close();
  }

  get #hasToTakeOver(): boolean {
    return !this.isSettled && !this.#removed;
  }

  #converge(): void {
    if (this.#following !== undefined || !this.#hasToTakeOver) return;
    this.#following = this.#takeOver()
      .catch((error: unknown) => this.#failed(error))
      .finally(() => {
        this.#following = undefined;
        this.#host.onChange(this);
        this.#converge();
      });
  }

  async #takeOver(): Promise<void> {
    await this.#after;
    while (this.#hasToTakeOver && this.#wanted !== undefined) {
      const { leaderEpoch } = this.#wanted;
      try {
        const log = await this.#open();
        await this.#startEpoch(log, leaderEpoch);
        if (this.#wanted?.leaderEpoch === leaderEpoch) this.#partition = this.#lead(log, this.#wanted);
      } catch (error) {
        if (this.#wanted?.leaderEpoch === leaderEpoch) throw error;
      }
    }
  }

  #lead(log: Log, role: LeaderRole): Partition {
    return new Partition({
      topic: this.topic.name,
      topicId: this.topic.id,
      index: this.index,
      leaderEpoch: role.leaderEpoch,
      inSyncReplicas: role.inSyncReplicas,
      maxBatchBytes: this.#host.settings(this.topic).maxBatchBytes,
      durability: this.#host.durability,
      log,
      logger: this.#world.logger,
      onAdvance: (partition) => this.#host.onAdvance(partition),
    });
  }

  async #open(): Promise<Log> {
    if (this.#log !== undefined) return this.#log;
    const options = { ...this.#host.settings(this.topic), identity: this.#identity };
    try {
      this.#log = await this.#host.logs.open(this.name, options);
    } catch (error) {
      if (!hasCode(error, 'FOREIGN_LOG') || !(await this.#isOfDeletedTopic(error))) throw error;
      await this.#host.logs.delete(this.name);
      this.#log = await this.#host.logs.open(this.name, options);
    }
    return this.#log;
  }

  /** Before the first append, durably, even if none follows (protocols §B.8). */
  async #startEpoch(log: Log, leaderEpoch: number): Promise<void> {
    if (log.latestLeaderEpoch === leaderEpoch) return;
    if (log.latestLeaderEpoch > leaderEpoch) {
      throw new CodedError<BrokerCoreErrorCode>(
        'EPOCH_WENT_BACK',
        `the log ${this.name} has seen leader epoch ${log.latestLeaderEpoch}, but the registry names ${leaderEpoch}`,
        { hint: 'the registry has lost what it knew; the records are kept as they are' },
      );
    }
    await log.startEpoch(leaderEpoch);
  }

  get #identity(): string {
    return `${this.topic.id}-${this.index}`;
  }

  async #isOfDeletedTopic(error: unknown): Promise<boolean> {
    const topicId = partitionLogName.exec(foreignOwner(error) ?? '')?.[1];
    return topicId !== undefined && this.#host.isDeleted(topicId);
  }

  /** Whether there is a directory of this name that is this topic's. */
  async #isOnDisk(): Promise<boolean> {
    const names = await this.#host.logs.names();
    if (!names.includes(this.name)) return false;
    try {
      await this.#host.logs.open(this.name, { identity: this.#identity });
      return true;
    } catch (error) {
      if (hasCode(error, 'FOREIGN_LOG')) return false;
      throw error;
    }
  }

  #failed(error: unknown): void {
    this.#offline = error instanceof Error ? error : new Error(String(error));
    this.#world.logger.error({ error, log: this.name }, 'a partition is offline');
    if (hasCode(error, 'FOREIGN_LOG') || hasCode(error, 'LOG_CORRUPT') || hasCode(error, 'LOG_CLOSED'))
      return;
    if (hasCode(error, 'EPOCH_WENT_BACK')) return;
    this.#world.clock.after(openAgainMs, () => {
      this.#offline = undefined;
      this.#converge();
    });
  }
}
