import type { OpenRegistry } from '@millrace/coordination';
import type { ApiName, Connection, NodeAddress, RequestOf, ResponseOf } from '@millrace/protocol';
import { codeOf, hasCode, type World } from '@millrace/runtime';
import { nodeWorld } from '@millrace/runtime/node';
import { addressText, parseAddress } from './address.ts';
import type { Cluster, Leader } from './cluster.ts';
import { type ClusterOptions, defaultMetadataMaxAgeMs, defaultRetry } from './config.ts';
import { Connections } from './connections.ts';
import { clientError } from './errors.ts';
import { MetadataCache } from './metadata-cache.ts';
import { backoffMs, isRetriable, type RetryPolicy } from './retry.ts';

/** A view of a cluster. Does not connect before something is asked. INVALID_ADDRESS. */
export function openCluster(options: ClusterOptions, world: World = nodeWorld): Cluster {
  return new ClusterView(options, world);
}

class ClusterView implements Cluster {
  readonly clientId: string;
  readonly registry: OpenRegistry | undefined;
  readonly #world: World;
  readonly #bootstrap: readonly NodeAddress[];
  readonly #retry: RetryPolicy;
  readonly #connections: Connections;
  readonly #metadata: MetadataCache;
  /** One question for each topic at a time. */
  readonly #asking = new Map<string, Promise<void>>();
  #closed: Promise<void> | undefined;

  constructor(options: ClusterOptions, world: World) {
    this.clientId = options.clientId ?? 'millrace';
    this.registry = options.registry;
    this.#world = world;
    this.#bootstrap = options.bootstrap.map(parseAddress);
    if (this.#bootstrap.length === 0) throw clientError('INVALID_ADDRESS', 'no broker address was given');
    this.#retry = { ...defaultRetry, ...options.retry };
    this.#connections = new Connections(options.connect);
    this.#metadata = new MetadataCache(options.metadataMaxAgeMs ?? defaultMetadataMaxAgeMs);
  }

  async partitionsOf(
    topic: string,
    options: { create?: boolean; signal?: AbortSignal } = {},
  ): Promise<number> {
    const known = this.#metadata.partitionsOf(topic, this.#now());
    if (known !== undefined) return known;
    return await this.#retried('metadata', options.signal, async () => {
      await this.#refresh(topic, options.create ?? false);
      const count = this.#metadata.partitionsOf(topic, this.#now());
      if (count === undefined)
        throw clientError('LEADER_NOT_AVAILABLE', `topic ${topic} has no partitions yet`, retriable);
      return count;
    });
  }

  async topics(signal?: AbortSignal): Promise<readonly string[]> {
    const metadata = await this.call('metadata', {}, signal === undefined ? {} : { signal });
    return metadata.topics.map((topic) => topic.name);
  }

  async leaderOf(topic: string, partition: number, signal?: AbortSignal): Promise<Leader> {
    return await this.#retried('metadata', signal, async () => {
      const known =
        this.#metadata.leaderOf(topic, partition, this.#now()) ?? (await this.#findLeader(topic, partition));
      try {
        return {
          nodeId: known.node.nodeId ?? -1,
          leaderEpoch: known.leaderEpoch,
          connection: await this.#connections.to(known.node),
        };
      } catch (error) {
        // The leader is gone; perhaps others know of a new one by now.
        this.forget(topic);
        throw error;
      }
    });
  }

  forget(topic: string): void {
    this.#metadata.forget(topic);
  }

  call<Name extends ApiName>(
    api: Name,
    request: RequestOf<Name>,
    options: { signal?: AbortSignal } = {},
  ): Promise<ResponseOf<Name>> {
    return this.#retried(api, options.signal, async () => (await this.#anyBroker()).call(api, request));
  }

  close(): Promise<void> {
    this.#closed ??= this.#connections.close();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #now(): number {
    return this.#world.clock.monotonic();
  }

  async #findLeader(
    topic: string,
    partition: number,
  ): Promise<{ node: NodeAddress; leaderEpoch: number | undefined }> {
    await this.#refresh(topic, false);
    const leader = this.#metadata.leaderOf(topic, partition, this.#now());
    if (leader !== undefined) return leader;
    const count = this.#metadata.partitionsOf(topic, this.#now()) ?? 0;
    if (count > 0 && partition >= count)
      throw clientError(
        'UNKNOWN_TOPIC_OR_PARTITION',
        `${topic}-${partition} was asked for, ${topic} has ${count} partitions`,
      );
    this.forget(topic);
    throw clientError('LEADER_NOT_AVAILABLE', `${topic}-${partition} has no leader at the moment`, retriable);
  }

  #refresh(topic: string, create: boolean): Promise<void> {
    const key = `${create ? '+' : '-'}${topic}`;
    const asked = this.#asking.get(key);
    if (asked !== undefined) return asked;
    const asking = this.#ask(topic, create).finally(() => this.#asking.delete(key));
    this.#asking.set(key, asking);
    return asking;
  }

  async #ask(topic: string, create: boolean): Promise<void> {
    const connection = await this.#anyBroker();
    const metadata = await connection.call('metadata', {
      topics: [topic],
      ...(create ? { allowAutoCreate: true } : {}),
    });
    this.#metadata.take(metadata, this.#now());
    const answer = metadata.topics.find(({ name }) => name === topic);
    if (answer === undefined || answer.error === 'NONE') return;
    throw clientError(answer.error, answer.message ?? `topic ${topic}: ${answer.error}`, {
      retriable: answer.error === 'LEADER_NOT_AVAILABLE',
      details: { topic },
    });
  }

  /** An open connection, else the first node that answers, else BROKER_UNREACHABLE with all that was tried. */
  async #anyBroker(): Promise<Connection> {
    const open = this.#connections.first;
    if (open !== undefined) {
      try {
        return await open;
      } catch (error) {
        if (hasCode(error, 'CLUSTER_CLOSED')) throw error;
      }
    }
    const tried = new Map<string, unknown>();
    for (const node of [...this.#metadata.nodes, ...this.#bootstrap]) {
      if (tried.has(addressText(node))) continue;
      try {
        return await this.#connections.to(node);
      } catch (error) {
        if (codeOf(error) !== 'BROKER_UNREACHABLE') throw error;
        tried.set(addressText(node), error);
      }
    }
    const addresses = [...tried.keys()];
    throw clientError('BROKER_UNREACHABLE', `no broker answers at ${addresses.join(', ')}`, {
      retriable: true,
      hint: `is one running there? \`npx millrace start --listen ${addresses[0] ?? ''}\``,
      cause: tried.get(addresses[0] ?? ''),
    });
  }

  async #retried<T>(api: ApiName, signal: AbortSignal | undefined, attempt: () => Promise<T>): Promise<T> {
    for (let failures = 0; ; failures += 1) {
      signal?.throwIfAborted();
      try {
        return await attempt();
      } catch (error) {
        // A topic that is not there is not waited for: whoever asks for it would rather know.
        const missing = hasCode(error, 'UNKNOWN_TOPIC_OR_PARTITION');
        if (
          this.#closed !== undefined ||
          missing ||
          !isRetriable(error, api) ||
          failures + 1 >= this.#retry.attempts
        )
          throw error;
        await this.#world.clock.sleep(backoffMs(failures, this.#retry, this.#world.random), signal);
      }
    }
  }
}

const retriable = { retriable: true };
