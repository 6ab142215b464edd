import type { Log } from '@millrace/log';
import { CodedError, hasCode, type World } from '@millrace/runtime';
import type { BrokerCoreErrorCode } from './errors.ts';
import type { TopicView } from './metadata-view.ts';
import { type Durability, Partition } from './partition.ts';
import { type OpenReplicaLog, ReplicaLog, type ReplicaLogHost } from './replica-log.ts';

/** What replicas take from the broker they live in. */
export interface ReplicaHost extends ReplicaLogHost {
  readonly durability: Durability;
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
 * This broker's copy of a partition: its log, and the partition while it is led here. It follows the wanted role: giving
 * up leadership is immediate, taking it over goes through the disk.
 */
export class Replica {
  readonly topic: TopicView;
  readonly index: number;
  readonly #log: ReplicaLog;
  readonly #host: ReplicaHost;
  readonly #world: World;
  /** The removal of an earlier topic's log of the same name. */
  readonly #after: Promise<void>;
  #wanted: LeaderRole | undefined;
  #partition: Partition | undefined;
  #offline: Error | undefined;
  #following: Promise<void> | undefined;
  #removed = false;

  constructor(topic: TopicView, index: number, after: Promise<void>, host: ReplicaHost, world: World) {
    this.topic = topic;
    this.index = index;
    this.#log = new ReplicaLog(topic, index, host, world);
    this.#after = after;
    this.#host = host;
    this.#world = world;
  }

  /** The name of its log: `orders-0`. */
  get name(): string {
    return this.#log.name;
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

  /** Applies the topic's configuration to the open log, and to what is asked of records that come in. */
  configure(): void {
    this.#log.configure();
    this.#limit();
    this.#log.opened?.limitsKnown().then(
      () => this.#limit(),
      (error: unknown) =>
        this.#world.logger.error({ error, log: this.name }, 'records cannot be looked into for their keys'),
    );
  }

  /** Deletes the log, if the topic is known to be deleted and the directory is this topic's; else keeps it and says so. */
  async remove(): Promise<void> {
    this.follow(undefined);
    this.#removed = true;
    await this.#following;
    await this.#after;
    if (await this.#host.isDeleted(this.topic.id)) {
      await this.#log.delete();
      return;
    }
    this.#world.logger.error(
      { log: this.name },
      'kept a log whose topic is gone without having been deleted',
    );
    await this.#log.opened?.log.close(); // so that the next topic of the name finds out whose it is
  }

  #limit(): void {
    const { opened } = this.#log;
    if (this.#partition !== undefined && opened !== undefined) this.#partition.limits = opened.limits;
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
        const opened = await this.#log.open();
        await this.#startEpoch(opened.log, leaderEpoch);
        await opened.limitsKnown();
        if (this.#wanted?.leaderEpoch === leaderEpoch) this.#partition = this.#lead(opened, this.#wanted);
      } catch (error) {
        if (this.#wanted?.leaderEpoch === leaderEpoch) throw error;
      }
    }
  }

  #lead({ log, hold, limits }: OpenReplicaLog, role: LeaderRole): Partition {
    return new Partition({
      topic: this.topic.name,
      topicId: this.topic.id,
      index: this.index,
      leaderEpoch: role.leaderEpoch,
      inSyncReplicas: role.inSyncReplicas,
      limits,
      durability: this.#host.durability,
      log,
      hold,
      logger: this.#world.logger,
      onAdvance: (partition) => this.#host.onAdvance(partition),
    });
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
