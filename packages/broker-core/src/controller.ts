import {
  elect,
  type PartitionNode,
  partitionNode,
  paths,
  type Registry,
  topicNode,
} from '@millrace/coordination';
import { hasCode, type World } from '@millrace/runtime';
import { tryCreate, trySet, type Writer } from './compare-and-set.ts';
import { chooseLeader, initialState, type LeaderChoice } from './leader-choice.ts';
import type { MetadataView, TopicView, ViewListener } from './metadata-view.ts';

export interface ControllerOptions {
  readonly nodeId: number;
  readonly view: MetadataView;
  readonly writer: Writer;
}

interface Office {
  readonly registry: Registry;
  /** The epoch: `created` of the node of the office. */
  readonly epoch: number;
  readonly signal: AbortSignal;
}

/** Registry writes under way at a time. */
const inFlight = 64;
const tryAgainMs = 500;

/**
 * Gives every partition its leader, for as long as this broker holds the office. There is no lock: any number of brokers
 * may think so; each decision is one compare-and-set on the very value it was computed from (protocols §B). The view
 * only says where to look: what is written is decided from fresh reads, the state first, then the brokers.
 */
export class Controller implements ViewListener {
  readonly #nodeId: number;
  readonly #view: MetadataView;
  readonly #writer: Writer;
  readonly #world: World;
  #office: Office | undefined;
  /** Partitions to look at. */
  readonly #pending = new Map<TopicView, Set<number>>();
  #working = false;

  constructor({ nodeId, view, writer }: ControllerOptions, world: World) {
    this.#nodeId = nodeId;
    this.#view = view;
    this.#writer = writer;
    this.#world = world;
  }

  /** Stands for the office through this session, until the signal aborts or the session ends. */
  async stand(registry: Registry, signal: AbortSignal): Promise<void> {
    try {
      for await (const { leader, epoch, mine } of elect(
        registry,
        paths.controller,
        String(this.#nodeId),
        signal,
      )) {
        this.#view.controllerId = Number(leader);
        this.#office = mine ? { registry, epoch, signal } : undefined;
        if (mine) this.brokersChanged();
      }
    } finally {
      this.#office = undefined;
    }
  }

  topicChanged(topic: TopicView): void {
    this.#look(topic);
  }

  topicReplaced(topic: TopicView): void {
    this.#pending.delete(topic);
  }

  partitionChanged(topic: TopicView, index: number): void {
    this.#look(topic, index);
  }

  brokersChanged(): void {
    for (const topic of this.#view.topics()) this.#look(topic);
  }

  #look(topic: TopicView, index?: number): void {
    if (this.#office === undefined) return;
    const indexes = this.#pending.get(topic) ?? new Set();
    this.#pending.set(topic, indexes);
    if (index !== undefined) indexes.add(index);
    else for (const each of topic.partitions.keys()) indexes.add(each);
    this.#work();
  }

  #work(): void {
    if (this.#working) return;
    this.#working = true;
    this.#workOff()
      .catch((error: unknown) =>
        this.#world.logger.error({ error }, 'the controller met something unexpected'),
      )
      .finally(() => {
        this.#working = false;
        if (this.#office !== undefined && this.#pending.size > 0) this.#work();
      });
  }

  async #workOff(): Promise<void> {
    await Promise.resolve(); // let the changes of this moment gather
    while (this.#office !== undefined && this.#pending.size > 0) {
      const office = this.#office;
      const batch = this.#take().filter(({ topic, index }) => this.#seemsWrong(topic, index));
      await Promise.all(batch.map(({ topic, index }) => this.#decideSafely(office, topic, index)));
    }
    if (this.#office === undefined) this.#pending.clear();
  }

  #take(): { topic: TopicView; index: number }[] {
    const taken: { topic: TopicView; index: number }[] = [];
    for (const [topic, indexes] of this.#pending) {
      for (const index of indexes) {
        if (taken.length === inFlight) return taken;
        indexes.delete(index);
        taken.push({ topic, index });
      }
      this.#pending.delete(topic);
    }
    return taken;
  }

  #seemsWrong(topic: TopicView, index: number): boolean {
    const state = topic.partitions[index];
    if (topic.node.deleted === true) return state !== undefined;
    if (state === undefined) return true;
    const live = new Map([...this.#view.brokers].map(([nodeId, { incarnation }]) => [nodeId, incarnation]));
    return chooseLeader(state, topic.node.replicas[index] ?? [], live) !== undefined;
  }

  async #decideSafely(office: Office, topic: TopicView, index: number): Promise<void> {
    try {
      await this.#decide(office, topic, index);
    } catch (error) {
      if (office.signal.aborted || hasCode(error, 'SESSION_EXPIRED')) return;
      const where = { error, topic: topic.name, partition: index };
      this.#world.logger.warn(where, 'could not decide who leads a partition');
      if (hasCode(error, 'BAD_NODE')) return; // until somebody mends it, which the watch will tell
      this.#world.clock.after(tryAgainMs, () => {
        if (this.#office === office) this.#look(topic, index);
      });
    }
  }

  async #decide({ registry, epoch }: Office, topic: TopicView, index: number): Promise<void> {
    const path = paths.partition(topic.id, index);
    if (topic.node.deleted === true) {
      await this.#tidy(registry, topic, index);
      return;
    }
    const replicas = topic.node.replicas[index] ?? [];
    let found = await registry.get(path);
    if (found === undefined) {
      if (!(await this.#stillWanted(registry, topic))) return;
      await tryCreate(registry, path, this.#encode(initialState(replicas), epoch));
      found = await registry.get(path);
      if (found === undefined) return;
    }
    const state = partitionNode.decode(found.data, path);
    if (controllerEpochOf(state) > epoch) {
      this.#office = undefined;
      return;
    }
    const next = chooseLeader(state, replicas, await this.#live(registry, replicas, state.leader));
    if (next !== undefined) await trySet(registry, path, this.#encode(next, epoch), found.version);
  }

  /** The state of a deleted topic's partition is of no use: brokers go by the tombstone, and no id comes twice. */
  async #tidy(registry: Registry, topic: TopicView, index: number): Promise<void> {
    await removeNode(registry, paths.partition(topic.id, index));
    if (index === topic.partitions.length - 1) await removeNode(registry, paths.partitions(topic.id));
  }

  async #stillWanted(registry: Registry, topic: TopicView): Promise<boolean> {
    const path = paths.topic(topic.name);
    const found = await registry.get(path);
    if (found === undefined) return false;
    const node = topicNode.decode(found.data, path);
    return node.id === topic.id && node.deleted !== true;
  }

  async #live(
    registry: Registry,
    replicas: readonly number[],
    leader: number | undefined,
  ): Promise<Map<number, number>> {
    const ids = new Set(leader === undefined ? replicas : [...replicas, leader]);
    const nodes = await Promise.all(
      [...ids].map(async (nodeId) => ({ nodeId, node: await registry.get(paths.broker(nodeId)) })),
    );
    return new Map(nodes.flatMap(({ nodeId, node }) => (node === undefined ? [] : [[nodeId, node.created]])));
  }

  #encode(choice: LeaderChoice, epoch: number): Uint8Array {
    const since = this.#world.clock.now();
    return partitionNode.encode({ ...choice, since, writer: `controller ${epoch} ${this.#writer()}` });
  }
}

/** Best effort: a node that stays is in nobody's way. */
async function removeNode(registry: Registry, path: string): Promise<void> {
  try {
    await registry.delete(path);
  } catch (error) {
    if (!hasCode(error, 'NODE_MISSING') && !hasCode(error, 'NOT_EMPTY')) throw error;
  }
}

/** Values written by a controller carry its epoch: a greater one than mine means that I am out of office. */
function controllerEpochOf({ writer }: PartitionNode): number {
  return Number(/^controller (\d+) /.exec(writer)?.[1] ?? -1);
}
