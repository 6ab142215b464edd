import type { OpenRegistry } from '@millrace/coordination';
import type { LogDirectory } from '@millrace/log';
import { prepareChecksums } from '@millrace/record';
import { CodedError, type World } from '@millrace/runtime';
import { nodeWorld } from '@millrace/runtime/node';
import { ClusterMember } from './cluster-member.ts';
import { createWriter } from './compare-and-set.ts';
import { Controller } from './controller.ts';
import type { BrokerCoreErrorCode } from './errors.ts';
import { type CoreApi, createHandlers } from './handlers/index.ts';
import { MetadataView } from './metadata-view.ts';
import type { Durability, Partition } from './partition.ts';
import { PartitionTable } from './partition-table.ts';
import { ProducerIds } from './producer-ids.ts';
import { Purgatory, waitUntil } from './purgatory.ts';
import type { Endpoints } from './registration.ts';
import type { LogDefaults } from './topic-config-definitions.ts';
import { TopicCreator } from './topic-creator.ts';
import { Topics } from './topics.ts';

export interface BrokerCoreOptions {
  /** Of this broker in its cluster. 1 */
  nodeId?: number;
  /** Where the partitions' logs lie; the caller closes it, after `stop`. */
  logs: LogDirectory;
  registry: OpenRegistry;
  /** `flushed` (default): acks all waits for the flush, and consumers see only what is flushed; `process`: for the page cache. */
  durability?: Durability;
  /** Under acks all, partitions with fewer replicas in sync take no records. 1 */
  minInSyncReplicas?: number;
  /** What a topic gets that a producer asked for and that is not there; false: nothing is made. 1 partition, 1 replica. */
  autoCreateTopics?: { partitions: number; replicas: number } | false;
  /** What holds for topics whose configuration says nothing else. Records go after 7 days; else the log's own defaults. */
  log?: LogDefaults;
}

export interface BrokerCore extends AsyncDisposable {
  readonly nodeId: number;
  /** Answers as soon as it is made, though before `start` there is no topic. */
  readonly api: CoreApi;
  /** Registers with these addresses (after the ports are bound), leads what it should; resolves when it serves. NODE_ID_TAKEN, BROKER_STOPPED. */
  start(endpoints?: Endpoints): Promise<void>;
  /** Answers what is parked, flushes, leaves. Idempotent. */
  stop(): Promise<void>;
}

/** A partition that cannot be led soon does not hold up the others. */
const settleMs = 10_000;
const everything = '';

/** The deciding part of a broker: no sockets, no codecs, no files of its own. */
export function createBrokerCore(options: BrokerCoreOptions, world: World = nodeWorld): BrokerCore {
  return new Core(options, world);
}

class Core implements BrokerCore {
  readonly nodeId: number;
  readonly api: CoreApi;
  readonly #world: World;
  /** What waits for a partition to advance: answers to produce and to fetch. */
  readonly #produces: Purgatory<Partition>;
  readonly #fetches: Purgatory<Partition>;
  /** What waits for something to happen to a topic, by its name. */
  readonly #waits: Purgatory<string>;
  readonly #changedTopics = new Set<string>();
  readonly #table: PartitionTable;
  readonly #member: ClusterMember;
  #started: Promise<void> | undefined;
  #stopped: Promise<void> | undefined;
  #sweeping: Promise<void> | undefined;

  constructor(options: BrokerCoreOptions, world: World) {
    const { nodeId = 1, logs, durability = 'flushed', log: logOptions = {} } = options;
    this.nodeId = nodeId;
    this.#world = world;
    this.#produces = new Purgatory(world.clock);
    this.#fetches = new Purgatory(world.clock);
    this.#waits = new Purgatory(world.clock);

    const view = new MetadataView();
    const table = new PartitionTable(
      {
        nodeId,
        view,
        logs,
        logOptions,
        durability,
        onAdvance: (partition) => this.#advanced(partition),
        onChange: (topicName) => this.#changed(topicName),
      },
      world,
    );
    const writer = createWriter(nodeId, world.random);
    const controller = new Controller({ nodeId, view, writer }, world);
    view.listen(table);
    view.listen(controller);
    this.#table = table;
    this.#member = new ClusterMember(
      { nodeId, openRegistry: options.registry, view, table, controller },
      world,
    );

    const session = () => this.#member.registry;
    const topics = new Topics(session, writer, world.random);
    this.api = createHandlers({
      nodeId,
      view,
      table,
      topics,
      creator: new TopicCreator({ topics, view, table, waits: this.#waits }),
      producerIds: new ProducerIds(session, writer),
      produces: this.#produces,
      fetches: this.#fetches,
      waits: this.#waits,
      minInSyncReplicas: options.minInSyncReplicas ?? 1,
      logOptions,
      autoCreateTopics: options.autoCreateTopics ?? { partitions: 1, replicas: 1 },
    });
  }

  start(endpoints: Endpoints = {}): Promise<void> {
    this.#started ??= this.#start(endpoints);
    return this.#started;
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #start(endpoints: Endpoints): Promise<void> {
    if (this.#stopped !== undefined) {
      throw new CodedError<BrokerCoreErrorCode>('BROKER_STOPPED', `broker ${this.nodeId} has been stopped`, {
        hint: 'make another one over the same data directory',
      });
    }
    await Promise.all([prepareChecksums(), this.#member.join(endpoints)]);
    const settled = await waitUntil(this.#waits, [everything], () => this.#table.isSettled(), settleMs);
    this.#sweeping = this.#table
      .sweep()
      .catch((error: unknown) => this.#world.logger.error({ error }, 'could not look for leftover logs'));
    if (!settled)
      this.#world.logger.warn({ nodeId: this.nodeId }, 'serving, though not all partitions are led yet');
  }

  async #stop(): Promise<void> {
    this.#fetches.abandonAll();
    this.#waits.abandonAll();
    await this.#table.drain();
    this.#produces.abandonAll();
    await this.#member.leave();
    await this.#sweeping;
  }

  /** The one signal upwards: a log moved, failed, or its leadership ended. */
  #advanced(partition: Partition): void {
    this.#produces.check(partition);
    this.#fetches.check(partition);
    if (partition.leads && (this.#fetches.watches(partition) || this.#produces.watches(partition))) {
      partition.flushDue();
    }
  }

  /** Those who wait look once a turn, however many partitions changed in it. */
  #changed(topicName: string): void {
    this.#changedTopics.add(topicName);
    if (this.#changedTopics.size > 1) return;
    this.#world.clock.endOfTurn(() => {
      const changed = [...this.#changedTopics];
      this.#changedTopics.clear();
      for (const name of changed) this.#waits.check(name);
      this.#waits.check(everything);
    });
  }
}
